"""The tests are of jitad alone: plugins that happen to be installed beside it are left out."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.metadata import entry_points

import pytest

from jitad.api.mode import mode

os.environ["JITAD_DISABLE_PLUGINS"] = ",".join(sorted(point.name for point in entry_points(group="jitad")))


@pytest.fixture(autouse=True)
def mode_is_left_as_found() -> Iterator[None]:
    """A test that leaves the next one uncompiled would make it pass without testing what it says."""
    before = mode.compiled
    yield
    after, mode.compiled = mode.compiled, before
    assert after == before
