"""Emitted modules are imported by name as long as nothing that they were made from has changed."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from jitad.building import finder
from jitad.building.cache import kernels_folder
from jitad.errors import CacheError

NAME = "jitad_kernels_k_made_for_a_test"


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("JITAD_CACHE_DIR", str(tmp_path / "cache"))
    finder.install()
    path = kernels_folder() / f"{NAME.removeprefix('jitad_kernels_')}.py"
    path.write_text("ANSWER = 42\n")
    (tmp_path / "kernel.py").write_text("def f(x): return x\n")
    yield path
    sys.modules.pop(NAME, None)


def test_current_modules_are_found(module: Path, tmp_path: Path) -> None:
    finder.note_sources(module, [str(tmp_path / "kernel.py")])
    assert importlib.import_module(NAME).ANSWER == 42
    finder.install()
    assert sum(isinstance(found, type(finder._finder)) for found in sys.meta_path) == 1


@pytest.mark.parametrize(
    "change", ["edited", "removed", "no source", "no note", "no module", "another jitad", "plugin"]
)
def test_others_are_refused_with_an_os_error(
    change: str, module: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kernel = tmp_path / "kernel.py"
    if change == "plugin":
        monkeypatch.setattr(finder, "_plugins", lambda: "one version")
    if change != "no note":
        finder.note_sources(module, ["<a notebook's cell>" if change == "no source" else str(kernel)])
    if change == "edited":
        kernel.write_text("def f(x): return x + x\n")
    elif change == "removed":
        kernel.unlink()
    elif change == "no module":
        module.unlink()
    elif change == "plugin":
        monkeypatch.setattr(finder, "_plugins", lambda: "another version")
    elif change == "another jitad":
        monkeypatch.setattr(finder, "_own_stamp", lambda: "another")
    with pytest.raises(CacheError, match="isn't current") as caught:
        importlib.import_module(NAME)
    assert isinstance(caught.value, OSError)  # for which Numba compiles anew


def test_other_names_are_left_to_others() -> None:
    assert finder._finder.find_spec("numpy", None) is None
