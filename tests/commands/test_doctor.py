"""``jitad doctor``: what is there, and what is missing."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError
from pathlib import Path

import numba
import pytest

from jitad.__main__ import main
from jitad.commands import doctor_cuda
from jitad.vector import choice, libraries


def shown(capsys: pytest.CaptureFixture[str], status: int = 0) -> str:
    assert main(["doctor"]) == status
    return capsys.readouterr().out


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("JITAD_CACHE_DIR", str(tmp_path / "cache"))


def test_what_there_is(capsys, tmp_path):
    text = shown(capsys)
    assert f"numba {numba.__version__}" in text
    assert f"{tmp_path / 'cache'} (JITAD_CACHE_DIR moves it)" in " ".join(text.split())
    assert f"{numba.config.NUMBA_NUM_THREADS} for jitad.batch" in text  # type: ignore[attr-defined]
    assert "workqueue" in text
    heads = [line.split("  ")[0] for line in text.splitlines() if line[0] != " "]
    assert heads == ["versions", "plugins", "CPU", "threads", "vector math", "cache", "CUDA"]
    assert max(map(len, text.splitlines())) <= 100 or str(tmp_path) in text
    if choice.served():
        assert "float64 libmvec by" in text or "float64 svml by" in text


def test_no_library(capsys, monkeypatch):
    monkeypatch.setattr(choice, "served", dict)
    monkeypatch.setattr(libraries, "libmvec", lambda: None)
    monkeypatch.setattr(libraries, "is_possible", lambda: True)
    text = shown(capsys)
    assert "libmvec (glibc): not found" in text
    assert "float64 written out; float32 written out: exp\n" in text
    assert "float64 scalar; float32 scalar: exp2 expm1" in text
    assert "pip install 'jitad[svml]'" in text


def test_a_wrong_option_and_a_folder_of_others(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("JITAD_VECTOR_MATH", "fast")
    (tmp_path / "cache").mkdir(mode=0o777)
    (tmp_path / "cache").chmod(0o777)
    text = " ".join(shown(capsys, status=1).split())
    assert "vector math not usable: JITAD_VECTOR_MATH is 'fast'" in text
    assert "cache not usable: The cache folder" in text


def test_cuda(capsys, monkeypatch):
    def missing(package):
        raise PackageNotFoundError(package)

    monkeypatch.setattr(doctor_cuda, "_DRIVER", Path("/nowhere"))
    with monkeypatch.context() as patched:
        patched.setattr(doctor_cuda, "version", missing)
        text = " ".join(shown(capsys).split())
        assert "CUDA no NVIDIA driver found numba-cuda isn't installed: pip install 'jitad[cuda]'" in text
    pytest.importorskip("numba_cuda", reason="needs jitad[cuda]")
    from jitad.cuda import target

    monkeypatch.setattr(target.cuda, "is_available", lambda: False)
    text = " ".join(shown(capsys).split())
    assert "not usable: no CUDA device can be used" in text
    assert "run on a machine with an NVIDIA GPU" in text
