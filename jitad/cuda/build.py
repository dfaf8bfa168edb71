"""From the source of device functions and kernels to what numba-cuda compiles, by way of a file in the cache folder."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from jitad.building.cache import content_key, kernels_folder, write_once
from jitad.building.imports import own_hash
from jitad.cuda.target import device_jit, is_simulated, kernel_jit

if TYPE_CHECKING:
    from jitad.cuda.emit import DeviceCode

_made: dict[tuple[str, tuple[int, ...]], Any] = {}
_lock = threading.Lock()


def build_function(source: str, entry: str, names: dict[str, Any], *, kernel: bool) -> Any:
    """The function ``entry`` of a source as a device function or a ``kernel``; ``names`` are its free names.

    The same text with the same names gives the same function. Raises CacheError when the cache folder can't be used.
    """
    key = content_key([source, "kernel" if kernel else "device", own_hash()])
    memo = (key, tuple(id(names[name]) for name in sorted(names)))
    with _lock:
        if memo not in _made:
            path = kernels_folder() / f"c_{key}.py"
            write_once(path, source)
            function = _defined(source, entry, dict(names), path)
            _made[memo] = _decorated(function, kernel=kernel), names  # the names stay alive, and their ids theirs
        return _made[memo][0]


def defined_function(source: str, entry: str, names: dict[str, Any]) -> Callable[..., Any]:
    """The function ``entry`` of a source, run by Python; ``names`` are its free names.

    Raises CacheError when the cache folder can't be used.
    """
    path = kernels_folder() / f"c_{content_key([source, 'host', own_hash()])}.py"
    write_once(path, source)
    return _defined(source, entry, dict(names), path)


def function_names(code: DeviceCode, *helpers: str) -> dict[str, Any]:
    """What the names in a source stand for, or these functions of ``jitad.cuda.memory``: on a device, or simulated."""
    if is_simulated():
        from jitad.runtime import plain

        return {name: getattr(plain, name) for name in helpers} or {**code.names, **code.plain_names}
    from jitad.cuda import memory

    return {name: getattr(memory, name) for name in helpers} or code.names


def _defined(source: str, entry: str, namespace: dict[str, Any], path: Path) -> Callable[..., Any]:
    namespace["__name__"] = f"jitad_cuda_{path.stem}"
    exec(compile(source, str(path), "exec"), namespace)
    function: Callable[..., Any] = namespace[entry]
    return function


def _decorated(function: Callable[..., Any], *, kernel: bool) -> Any:
    if kernel:
        return kernel_jit(function)
    return _quiet(function) if is_simulated() else device_jit(function)


def _quiet(function: Callable[..., Any]) -> Callable[..., Any]:
    """A device function for the simulator: on NumPy's arrays and numbers, whose events are no errors."""

    def run(*args: Any) -> Any:
        with np.errstate(all="ignore"):
            return function(*map(plain_argument, args))

    return run


def plain_argument(arg: Any) -> Any:
    """The NumPy array behind what the simulator hands to kernels; numbers as NumPy's."""
    if type(arg) is float:
        return np.float64(arg)
    if type(arg) is int:
        return np.int64(arg)
    if isinstance(arg, tuple):
        return type(arg)(*map(plain_argument, arg)) if hasattr(arg, "_fields") else tuple(map(plain_argument, arg))
    item = getattr(arg, "_item", arg)
    return getattr(item, "_ary", item)
