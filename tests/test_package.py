"""The package as a user meets it: metadata, the command line, and the commands that README.md gives."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib.metadata import entry_points, version
from importlib.resources import files
from pathlib import Path

import pytest

import jitad
from jitad.__main__ import main
from jitad.commands.demo import DEMOS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def _commands() -> list[str]:
    return re.findall(r"^    (python3 -m venv .*)$", README, flags=re.MULTILINE)


def test_the_installed_version_is_the_one_stated() -> None:
    assert version("jitad") == jitad.__version__


def test_changelog_has_this_version() -> None:
    assert f"## {jitad.__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_types_and_data_are_shipped() -> None:
    assert (files("jitad") / "py.typed").is_file()
    assert (files("jitad.demo") / "data" / "hudson_bay_pelts.csv").is_file()
    assert (files("jitad.demo") / "data" / "european_road_distances.csv").is_file()


def test_console_script_is_the_command_line() -> None:
    (script,) = entry_points(group="console_scripts", name="jitad")
    assert script.load() is main


def test_readme_gives_one_command_for_the_demo_and_one_for_the_tests() -> None:
    demo, tests = _commands()
    assert demo.endswith("python -m jitad demo")
    assert tests.endswith("python -m pytest -q -n auto")


def test_readme_installs_extras_that_exist() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    for command in _commands():
        (names,) = re.findall(r"'\.\[([\w,]+)\]'", command)
        assert set(names.split(",")) <= set(extras)


def test_continuous_integration_ends_with_readmes_test_command() -> None:
    _, tests = _commands()
    command = tests.rpartition(" -m ")[2]
    assert (ROOT / ".ci" / "run").read_text(encoding="utf-8").rstrip().endswith(f" -m {command}")


def test_readmes_demos_exist() -> None:
    named = set(re.findall(r"python -m jitad demo (\w+)", README))
    assert named <= set(DEMOS)


def test_version_option(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--version"])
    assert stopped.value.code == 0
    assert capsys.readouterr().out == f"jitad {jitad.__version__}\n"


def test_help_names_the_demos(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["demo", "--help"])
    assert stopped.value.code == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in DEMOS)
    assert "--output" in shown


def test_no_command_shows_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    assert capsys.readouterr().out.startswith("usage: jitad")


def test_a_missing_folder_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--output", str(tmp_path / "absent" / "plot.png")]) == 1
    assert f"there is no folder {tmp_path / 'absent'}" in capsys.readouterr().err


def test_missing_extras_are_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert main(["demo"]) == 1
    assert "pip install 'jitad[demo]'" in capsys.readouterr().err


def test_import_loads_no_numba_compiler_and_no_scipy() -> None:
    script = "import sys, jitad; print(sorted({'scipy', 'matplotlib', 'pluggy'} & set(sys.modules)))"
    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    assert shown.stdout == "[]\n"
