"""The cache folder: emitted modules under names that say everything their compiled code depends on.

Layout: ``<folder>/<versions>/k_<hash>.py``, with Numba's own files in ``__pycache__`` beside them. A file is written
once and never changed: Numba takes a changed file for changed code.
"""

from __future__ import annotations

import hashlib
import os
import stat
import sys
import tempfile
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from jitad.errors import CacheError

VARIABLE = "JITAD_CACHE_DIR"
_PRIVATE = 0o700


def cache_folder() -> Path:
    """The folder named by ``JITAD_CACHE_DIR``, else ``jitad`` in the user's cache folder."""
    named = os.environ.get(VARIABLE)
    if named:
        return Path(named).expanduser().absolute()
    return _user_cache() / "jitad"


def _user_cache() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    named = os.environ.get("XDG_CACHE_HOME", "")
    return Path(named) if Path(named).is_absolute() else Path.home() / ".cache"


def kernels_folder() -> Path:
    """The folder of modules for these versions of jitad's tool chain, made if need be and checked to be private.

    Raises ``CacheError`` when another user owns it or can write to it, or when it can't be made.
    """
    root = cache_folder()
    folder = root / versions()
    try:
        root.parent.mkdir(parents=True, exist_ok=True)
        for path in (root, folder):
            path.mkdir(mode=_PRIVATE, exist_ok=True)
            _check_private(path)
    except OSError as error:
        if isinstance(error, CacheError):
            raise
        raise _unusable(f"The cache folder {folder} can't be made or read", error) from None
    return folder


def _unusable(what: str, error: OSError) -> CacheError:
    return CacheError(
        f"{what}: {error.strerror or error}.", f"Make room there, or set {VARIABLE} to a folder that you can write to."
    )


def _check_private(path: Path) -> None:
    """Compiled code is loaded from here, so nobody else may be able to put a file in it."""
    if os.name != "posix":
        return
    found = path.stat()
    if found.st_uid != os.geteuid():
        raise CacheError(
            f"The cache folder {path} belongs to another user (uid {found.st_uid}).",
            f"Set {VARIABLE} to a folder of your own.",
        )
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise CacheError(
            f"The cache folder {path} can be written to by other users (mode {stat.S_IMODE(found.st_mode):o}).",
            f"Make it private with `chmod 700`, or set {VARIABLE} to another folder.",
        )


@lru_cache(maxsize=1)
def versions() -> str:
    """A folder name from the versions of Python, jitad, Numba, llvmlite and NumPy."""
    import llvmlite
    import numba
    import numpy as np

    from jitad._version import __version__

    python = sys.implementation.cache_tag
    return f"{python}-jitad{__version__}-numba{numba.__version__}-llvm{llvmlite.__version__}-numpy{np.__version__}"


def content_key(parts: Iterable[str]) -> str:
    """A hash of texts, each apart from the next."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode()
        digest.update(f"{len(data)}:".encode())
        digest.update(data)
    return digest.hexdigest()[:32]


def write_once(path: Path, text: str) -> None:
    """Put a file there in one step, unless it is there already with this text.

    Raises ``CacheError`` when the folder can't be written to.
    """
    try:
        if path.read_text(encoding="utf-8") == text:
            return
    except (FileNotFoundError, UnicodeDecodeError):
        pass
    try:
        replace_file(path, text)
    except OSError as error:
        raise _unusable(f"The cache folder {path.parent} can't be written to", error) from None


def replace_file(path: Path, content: str | bytes) -> None:
    """Write a file in one step, so that no other process sees half of it."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}_", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def sources_hash(paths: Iterable[Path]) -> str:
    """A hash of the contents of source files."""
    return content_key(_file_hash(path, *_stamp(path)) for path in sorted(paths))


def _stamp(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_mtime_ns, found.st_size


@lru_cache(maxsize=4096)
def _file_hash(path: Path, mtime: int, size: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
