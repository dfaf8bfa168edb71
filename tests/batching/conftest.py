"""The tests here run uncompiled (the same emitted source, quickly), except those that ask for ``compiled``."""

from tests.fixtures import compiled, own_cache, run_uncompiled

__all__ = ["compiled", "own_cache", "run_uncompiled"]
