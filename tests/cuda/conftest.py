"""What needs numba-cuda is skipped without it."""

from __future__ import annotations

from tests.fixtures import own_cache, run_uncompiled

__all__ = ["own_cache", "run_uncompiled"]
