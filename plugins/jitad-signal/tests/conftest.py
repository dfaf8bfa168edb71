"""The tests here run uncompiled, except those that ask for ``compiled``; compiled code has a folder of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from jitad.api.mode import compiling, uncompiled


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path_factory.getbasetemp() / "jitad-cache"
    folder.mkdir(mode=0o700, exist_ok=True)
    monkeypatch.setenv("JITAD_CACHE_DIR", str(folder))


@pytest.fixture(autouse=True)
def _uncompiled() -> Iterator[None]:
    with uncompiled():
        yield


@pytest.fixture
def compiled(_uncompiled: None) -> Iterator[None]:
    with compiling():
        yield
