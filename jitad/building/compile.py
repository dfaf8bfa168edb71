"""From emitted source to a callable: the file in the cache folder, the module, and Numba's compiler around it."""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import sys
import threading
import types
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from jitad.building.cache import VARIABLE, content_key, kernels_folder, write_once
from jitad.building.imports import Header, header_of, mark_emitted, own_hash, packages_hash
from jitad.errors import CacheError
from jitad.vector.choice import fingerprint

if TYPE_CHECKING:
    from jitad.emission.emit import Emitted

_built: dict[tuple[str, str], Callable[..., Any]] = {}
_dispatchers: list[Any] = []
_locks: dict[str, threading.Lock] = {}
_guard = threading.Lock()


def build(
    emitted: Emitted, *, compiled: bool = True, fastmath: bool | set[str] = False, for_compiled_code: bool = False
) -> Callable[..., Any]:
    """The function that ``emitted`` is the source of, compiled by Numba when first called (or plain Python).

    ``fastmath`` is what the user's own ``@njit`` asked for. The text goes to a file in the cache folder in either
    case, so that tracebacks and debuggers show it; uncompiled, the same text runs with the NumPy equivalents of its
    names. A function ``for_compiled_code`` is a dispatcher itself: exceptions leave it as the user's classes without
    help from Python, and if these have no import path, it isn't cached.
    Raises ``CacheError`` when the cache folder can't be used.
    """
    header = header_of(emitted.names, stand_ins=not for_compiled_code)
    text = "\n".join(['"""A kernel made by jitad."""', "", *header.lines, "", "", ""]) + emitted.source.strip() + "\n"
    flags = "fastmath=" + (repr(sorted(fastmath)) if isinstance(fastmath, set) else repr(bool(fastmath)))
    key = content_key([text, flags, fingerprint(), own_hash(), packages_hash(header.code_from)])
    path = kernels_folder() / f"k_{key}.py"
    if not compiled:
        write_once(path, text)
        return _plain(emitted, text, path)
    if header.stand_ins or header.injected:  # they belong to this process, and may differ between equal texts
        return _compiled(emitted, header, text, path, fastmath, for_compiled_code)
    with _lock(str(path)):
        memo = (str(path), emitted.entry)
        if memo not in _built:
            _built[memo] = _compiled(emitted, header, text, path, fastmath, for_compiled_code)
        return _built[memo]


def source_path(function: Callable[..., Any]) -> Path:
    """The file of a function that ``build`` made."""
    inner = getattr(function, "py_func", getattr(function, "__wrapped__", function))
    return Path(inner.__code__.co_filename)


def dispatcher_in(function: Callable[..., Any]) -> Any:
    """Numba's dispatcher in a compiled function that ``build`` made, for emitted code that calls it."""
    return getattr(function, "dispatcher", function)


def raising_as(function: Callable[..., Any], caller: Callable[..., Any]) -> Callable[..., Any]:
    """``caller``, whose compiled code calls that of ``function``, raising the user's classes as that does."""
    stand_ins = getattr(function, "stand_ins", None)
    return caller if stand_ins is None else _with_users_exceptions(caller, stand_ins)


def compilations() -> int:
    """How many times this process has compiled an emitted function instead of finding it in the cache."""
    return sum(sum(dispatcher.stats.cache_misses.values()) for dispatcher in _dispatchers)


def counted(dispatcher: Any) -> Any:
    """A dispatcher of Numba's, or of numba-cuda's, whose compilations ``compilations`` counts from now on."""
    _dispatchers.append(dispatcher)
    return dispatcher


def _lock(name: str) -> threading.Lock:
    with _guard:
        return _locks.setdefault(name, threading.Lock())


def _plain(emitted: Emitted, text: str, path: Path) -> Callable[..., Any]:
    """The function run by Python itself; line numbers are those of the file."""
    lines_before = text[: text.rindex(emitted.source.strip())].count("\n")
    namespace: dict[str, Any] = {**emitted.names, **emitted.plain_names, "__name__": _module_name(path)}
    exec(compile("\n" * lines_before + emitted.source.strip() + "\n", str(path), "exec"), namespace)
    function: Callable[..., Any] = namespace[emitted.entry]

    @functools.wraps(function)
    def run(*args: Any) -> Any:
        with np.errstate(all="ignore"):  # as in compiled code, a division by zero is inf or nan, and no event
            return function(*[_AS_NUMPY.get(type(arg), _same)(arg) for arg in args])

    return run


def _same(arg: Any) -> Any:
    return arg


_AS_NUMPY: dict[type, Callable[[Any], Any]] = {float: np.float64, int: np.int64}
"""Python's own numbers raise where compiled code computes inf, nan or 0; NumPy's don't."""


def _compiled(
    emitted: Emitted, header: Header, text: str, path: Path, fastmath: Any, for_compiled_code: bool
) -> Callable[..., Any]:
    write_once(path, text)
    module = _load(path)
    vars(module).update(header.injected)
    is_cached = not header.injected
    if emitted.on_threads:
        from jitad.runtime.threads import start_threads

        start_threads()
    for name, value in list(vars(module).items()):
        if isinstance(value, types.FunctionType) and value.__module__ == module.__name__:
            is_for_all = for_compiled_code and name == emitted.entry
            threads, apart = name in emitted.on_threads, name in emitted.apart
            made = _njit(value, fastmath, is_cached, is_for_all=is_for_all, on_threads=threads, apart=apart)
            setattr(module, name, made)
    function: Callable[..., Any] = getattr(module, emitted.entry)
    if is_cached:
        mark_emitted(function)
    return _with_users_exceptions(function, header.stand_ins) if header.stand_ins else function


def _module_name(path: Path) -> str:
    return f"jitad_kernels_{path.stem}"


def _load(path: Path) -> types.ModuleType:
    """A fresh module from a file; the name is registered so that pickles of its functions find it."""
    name = _module_name(path)
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise CacheError(f"The emitted module {path} can't be loaded.", "Remove it and try again.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


_ONLY_PRANGE: Any = {
    "prange": True,
    **dict.fromkeys(("comprehension", "fusion", "inplace_binop", "numpy", "reduction", "setitem", "stencil"), False),
}


def _njit(
    function: Callable[..., Any], fastmath: Any, is_cached: bool, *, is_for_all: bool, on_threads: bool, apart: bool
) -> Any:
    """The one place that calls Numba's compiler; what a function ``is_for_all`` holds may be anything."""
    from numba import njit
    from numba.core.compiler import Compiler

    from jitad.building.pipeline import ApartCompiler, KernelCompiler

    compile_with: Any = njit  # of which the types leave out options
    dispatcher: Any = compile_with(
        # Division by zero gives inf or nan, as NumPy does; the default would put a branch in each division.
        error_model="numpy",
        # Emitted code checks what must be checked itself, with errors that name the user's line.
        boundscheck=False,
        # Threads may differentiate at the same time; emitted code touches no Python object.
        nogil=True,
        # As the user's own @njit asked: it permits changed roundings, so it is never ours to switch on.
        fastmath=fastmath,
        # Numba must not look for loops itself: accumulations into shadows meet between iterations. Functions that run
        # threads hold one loop, whose calls are known to be independent.
        parallel=_ONLY_PRANGE if on_threads else False,
        # Sweeps need few of the passes; functions that run threads need those that Numba has for that. Where arrays are
        # known to lie apart, loops need no code that finds out, and values stay in registers across stores.
        pipeline_class=Compiler if is_for_all or on_threads else ApartCompiler if apart else KernelCompiler,
        # Only what compiled code may get as a value needs an address for C.
        no_cfunc_wrapper=not is_for_all,
    )(function)
    if is_cached:
        dispatcher._cache = _numba_cache(dispatcher.py_func)
    return counted(dispatcher)


@functools.cache
def _cache_class() -> Any:
    """Numba's file cache, but always beside the source: ``NUMBA_CACHE_DIR`` isn't known to be private."""
    from numba.core.caching import CompileResultCacheImpl, FunctionCache, _CacheLocator, _SourceFileBackedLocatorMixin

    class Beside(_SourceFileBackedLocatorMixin, _CacheLocator):
        def __init__(self, py_func: Any, py_file: str) -> None:
            self._py_file = py_file
            self._lineno = py_func.__code__.co_firstlineno

        def get_cache_path(self) -> str:
            return str(Path(self._py_file).parent / "__pycache__")

        def ensure_cache_path(self) -> None:
            """A folder that can't be made or written to is still read; saving tells."""
            with contextlib.suppress(OSError):
                Path(self.get_cache_path()).mkdir(exist_ok=True)

    class Impl(CompileResultCacheImpl):
        _locator_classes = [Beside]  # noqa: RUF012 - Numba's own declaration

    class KernelCache(FunctionCache):
        _impl_class = Impl

        def save_overload(self, sig: Any, data: Any) -> None:
            try:
                super().save_overload(sig, data)
            except OSError as error:
                warn_not_kept(self._cache_path, error)

    return KernelCache


def warn_not_kept(folder: str, error: OSError) -> None:
    """Say that compiled code couldn't be written to the cache."""
    warnings.warn(
        f"jitad can't keep compiled code in {folder}, so the next process compiles it again: "
        f"{error.strerror or error}. Set {VARIABLE} to a folder that you can write to.",
        RuntimeWarning,
        stacklevel=3,
    )


def _numba_cache(function: Callable[..., Any]) -> Any:
    return _cache_class()(function)


def _with_users_exceptions(
    function: Callable[..., Any], stand_ins: dict[str, type[BaseException]]
) -> Callable[..., Any]:
    """``function``, raising the user's classes where compiled code raises their stand-ins."""
    from jitad.runtime.failures import StandIn

    @functools.wraps(getattr(function, "py_func", function))
    def run(*args: Any) -> Any:
        try:
            return function(*args)
        except StandIn as error:
            raise stand_ins[type(error).__name__](*error.args) from None

    vars(run).update(dispatcher=function, stand_ins=stand_ins)
    return run
