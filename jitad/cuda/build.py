"""From the source of device functions and kernels to what numba-cuda compiles, by way of a file in the cache folder."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from jitad.building.cache import content_key, kernels_folder, write_once
from jitad.building.compile import counted
from jitad.building.imports import header_of, own_hash, packages_hash
from jitad.cuda.target import device_jit, is_simulated, kernel_jit, original

if TYPE_CHECKING:
    from jitad.cuda.emit import DeviceCode

_made: dict[tuple[str, tuple[int, ...]], Any] = {}
_keys: dict[int, str | None] = {}
"""Keys of the functions in ``_made``, by their ids; None where something that they read has no lasting name."""
_lock = threading.Lock()


def build_function(source: str, entry: str, names: dict[str, Any], *, kernel: bool) -> Any:
    """The function ``entry`` of a source as a device function or a ``kernel``; ``names`` are its free names.

    The same text with the same names gives the same function. Kernels are kept in the cache folder when they have been
    compiled. Raises CacheError when the cache folder can't be used.
    """
    text = content_key([source, "kernel" if kernel else "device", _own_hash()])
    memo = (text, tuple(id(names[name]) for name in sorted(names)))
    with _lock:
        if memo not in _made:
            path = kernels_folder() / f"c_{text}.py"
            write_once(path, source)
            key = _key(text, names)
            made = _decorated(_defined(source, entry, dict(names), path), key, kernel=kernel)
            _made[memo] = made, names  # the names stay alive, and their ids theirs
            _keys[id(made)] = key
        return _made[memo][0]


def own_kernel(function: Callable[..., Any]) -> Any:
    """A kernel that is a function of jitad's; it is kept in the cache folder, too."""
    return _decorated(function, content_key([function.__module__, function.__name__, _own_hash()]), kernel=True)


def _own_hash() -> str:
    return own_hash("cuda")


def _key(text: str, names: dict[str, Any]) -> str | None:
    """What tells a function from all others in any process: its text, and what its names stand for.

    None when one of them is an object of this process alone, which may be another one under that name in the next.
    """
    built = {name: _keys[id(value)] for name, value in names.items() if id(value) in _keys}
    header = header_of({name: original(names[name]) for name in names if name not in built}, stand_ins=False)
    if header.injected or None in built.values():
        return None
    calls = [f"{name} = {built[name]}" for name in sorted(built)]
    return content_key([text, *calls, *header.lines, packages_hash(header.code_from)])


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


def _decorated(function: Callable[..., Any], key: str | None, *, kernel: bool) -> Any:
    if is_simulated():
        return kernel_jit(function) if kernel else _quiet(function)
    if not kernel:
        return device_jit(function)
    from jitad.cuda.kernel_files import KernelFiles

    return counted(kernel_jit(function, None if key is None else KernelFiles(key)))


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
