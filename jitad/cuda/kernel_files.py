"""Compiled kernels in the cache folder, so that a later process compiles nothing.

A file holds a kernel for one signature, with its machine code for one kind of device, after a hash of all that. Its
name says everything that the code depends on: the key of the kernel (its source, and that of what it calls), the types
of its arguments, the versions of what compiles it, and the compute capability.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from jitad.building.cache import content_key, kernels_folder, replace_file
from jitad.building.compile import warn_not_kept
from jitad.cuda.target import current_capability, packed, tool_versions, unpacked

_HASH = hashlib.sha256
_HASH_BYTES = 32


class KernelFiles:
    """Where numba-cuda looks for a kernel before it compiles it, and leaves it then: its interface of a cache."""

    def __init__(self, key: str) -> None:
        self._key = key

    @property
    def cache_path(self) -> str:
        """The folder."""
        return str(kernels_folder())

    def load_overload(self, signature: Any, target_context: Any) -> Any:
        """The kernel for a signature; None when it isn't there, or isn't whole."""
        try:
            content = self._path(signature).read_bytes()
        except OSError:
            return None
        known, data = content[:_HASH_BYTES], content[_HASH_BYTES:]
        return unpacked(data) if _HASH(data).digest() == known else None

    def save_overload(self, signature: Any, kernel: Any) -> None:
        """Keep a kernel, unless it depends on how it was launched. Warns when that can't be done."""
        data = packed(kernel)
        if data is None:
            return
        try:
            replace_file(self._path(signature), _HASH(data).digest() + data)
        except OSError as error:
            warn_not_kept(self.cache_path, error)

    def flush(self) -> None:
        """Nothing: what is there is right."""

    def _path(self, signature: Any) -> Path:
        major, minor = current_capability()
        key = content_key([self._key, str(signature), f"{major}.{minor}", *tool_versions()])
        return kernels_folder() / f"c_{key}.bin"
