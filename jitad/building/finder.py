"""Import emitted modules by name, as long as they are what jitad would emit today.

Compiled code that calls a derivative may be kept in Numba's own cache (``@njit(cache=True)``), which looks at the
caller's file only. When Numba loads such code, it imports the modules of the functions that were compiled into it, and
takes an ``OSError`` for a missing entry, upon which it compiles anew. So the import of an emitted module whose kernel's
source has changed since (or jitad itself, or a plugin) raises ``CacheError``. A file beside the module lists what it
was made from.
"""

from __future__ import annotations

import contextlib
import importlib.abc
import importlib.machinery
import importlib.util
import json
import sys
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

from jitad.building.cache import content_key, kernels_folder, replace_file, sources_hash
from jitad.errors import CacheError

PREFIX = "jitad_kernels_"


class _Finder(importlib.abc.MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """The spec of an emitted module. Raises CacheError when it isn't there or isn't current."""
        if not fullname.startswith(PREFIX):
            return None
        file = kernels_folder() / f"{fullname.removeprefix(PREFIX)}.py"
        if not is_current(file):
            raise CacheError(f"The emitted module {file} isn't current.", "Compile the code that uses it again.")
        return importlib.util.spec_from_file_location(fullname, file)


_finder = _Finder()


def install() -> None:
    """Let ``import`` find emitted modules; calling it again does nothing."""
    if _finder not in sys.meta_path:
        sys.meta_path.append(_finder)


def note_sources(module: Path, sources: Iterable[str]) -> None:
    """Write down what source files an emitted module was made from."""
    hashes = {source: _source_hash(source) for source in sorted(set(sources))}
    text = json.dumps({"jitad": _own_stamp(), "plugins": _plugins(), "sources": hashes})
    with contextlib.suppress(OSError):  # it counts as not current then
        beside = _beside(module)
        if not beside.exists() or beside.read_text(encoding="utf-8") != text:
            replace_file(beside, text)


def is_current(module: Path) -> bool:
    """True when an emitted module is there and nothing that it was made from has changed since."""
    try:
        stamp: dict[str, Any] = json.loads(_beside(module).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    if not module.exists() or stamp["jitad"] != _own_stamp():
        return False
    if stamp["plugins"] and stamp["plugins"] != _plugins():
        return False
    return all(seen and _source_hash(source) == seen for source, seen in stamp["sources"].items())


def _beside(module: Path) -> Path:
    return module.with_suffix(".json")


def _plugins() -> str:
    """What identifies the plugins and their rules; empty without plugins other than jitad's own."""
    from jitad.primitives import registry

    return registry.fingerprint() if len(registry.plugins()) > 1 else ""


def _source_hash(source: str) -> str:
    """A hash of a file's content; empty for a file that isn't there (a cell of a notebook, say)."""
    try:
        return sources_hash([Path(source)])
    except OSError:
        return ""


@lru_cache(maxsize=1)
def _own_stamp() -> str:
    """The sizes and times of jitad's files."""
    root = Path(__file__).parent.parent
    found = ((path, path.stat()) for path in sorted(root.rglob("*.py")))
    return content_key(f"{path} {stat.st_mtime_ns} {stat.st_size}" for path, stat in found)
