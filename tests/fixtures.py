"""Fixtures of folders whose tests run uncompiled, except those that ask for ``compiled``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jitad.api.mode import compiling, uncompiled


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path_factory.getbasetemp() / "jitad-cache"
    folder.mkdir(mode=0o700, exist_ok=True)
    monkeypatch.setenv("JITAD_CACHE_DIR", str(folder))
    return folder


@pytest.fixture(autouse=True)
def run_uncompiled() -> Iterator[None]:
    with uncompiled():
        yield


@pytest.fixture
def compiled(run_uncompiled: None) -> Iterator[None]:
    with compiling():
        yield
