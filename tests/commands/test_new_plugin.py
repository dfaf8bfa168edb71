"""``jitad new-plugin``: the package that it writes works, and plugins/jitad-example is what it writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from jitad.__main__ import main
from jitad.commands.new_plugin import package
from tests.plugins.installing import install, run

ROOT = Path(__file__).parent.parent.parent


def test_the_example_is_what_it_writes():
    folder = ROOT / "plugins" / "jitad-example"
    found = {path: (folder / path).read_text(encoding="utf-8") for path in package("jitad-example")}
    assert found == package("jitad-example")


def test_nothing_is_left_to_fill_in():
    assert not any("NAME_OF" in path or "NAME_OF" in text for path, text in package("a-b").items())


@pytest.mark.parametrize("name", ["Optics", "a_b", "-a", "a b", "1a", ""])
def test_names_that_are_no_package(name, capsys):
    assert main(["new-plugin", "--", name]) == 1
    assert "is no good name for a package" in capsys.readouterr().err


def test_a_folder_in_use(tmp_path, capsys):
    (tmp_path / "note").write_text("mine", encoding="utf-8")
    assert main(["new-plugin", "jitad-optics", "--folder", str(tmp_path)]) == 1
    assert "isn't empty" in capsys.readouterr().err


@pytest.mark.slow
def test_a_new_package_passes_its_tests(tmp_path, capsys):
    folder = tmp_path / "jitad-optics"
    assert main(["new-plugin", "jitad-optics", "--folder", str(folder)]) == 0
    assert "jitad primitives --plugin jitad_optics" in capsys.readouterr().out
    installed = install(folder, tmp_path / "installed")
    tests = run(["-m", "pytest", "-q", "-p", "no:cacheprovider", str(folder)], installed, tmp_path)
    assert tests.returncode == 0, tests.stdout + tests.stderr
    listed = run(["-m", "jitad", "primitives", "--plugin", "jitad_optics"], installed, tmp_path)
    assert "jitad_optics (jitad-optics 0.1.0): 3 primitives" in listed.stdout
