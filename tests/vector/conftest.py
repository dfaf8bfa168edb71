from __future__ import annotations

from tests.fixtures import own_cache

__all__ = ["own_cache"]
