"""The states of random generators: Numba's in compiled code (each thread has its own), Python's and NumPy's otherwise.

A sweep that is run again must draw the same numbers again: the state is kept before it and put back. As an array of
``WORDS`` int64 it is the Mersenne twister's 624 words and position, and the second of a pair of normal numbers that
waits to be drawn (Matsumoto and Nishimura 1998; Numba's ``rnd_state_t``).
"""

# Numba types these functions by its own rules when it compiles a call.
# mypy: disable-error-code="no-untyped-def, call-arg, no-untyped-call, arg-type"

from __future__ import annotations

import ctypes
import random
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from llvmlite import ir
from numba import _helperlib, types
from numba.core import cgutils
from numba.cpython.randomimpl import get_state_ptr
from numba.extending import intrinsic, register_jitable
from numba.np import arrayobj

from jitad.errors import UnsupportedCallError

STATE = np.dtype(
    [("index", "i4"), ("key", "u4", 624), ("has_gauss", "i4"), ("gauss", "f8"), ("is_initialized", "i4")], align=True
)
WORDS = STATE.itemsize // 8

Array = np.ndarray[Any, Any]
Restore = Callable[[], None]


# Compiled


def _copying(name: str, *, is_restoring: bool) -> Any:
    """An intrinsic that copies the state of this thread's generator to an array, or from it."""

    @intrinsic
    def copy(typingctx, words):
        signature = types.none(words)

        def codegen(context, builder, sig, args):
            made = arrayobj.make_array(sig.args[0])(context, builder, args[0])
            state = get_state_ptr(context, builder, name)
            pointers = made.data, builder.bitcast(state, made.data.type)
            target, source = reversed(pointers) if is_restoring else pointers
            cgutils.raw_memcpy(builder, target, source, ir.Constant(cgutils.intp_t, WORDS), 8)
            return context.get_dummy_value()

        return signature, codegen

    return copy


_keep_numpy, _put_numpy = _copying("np", is_restoring=False), _copying("np", is_restoring=True)
_keep_python, _put_python = _copying("py", is_restoring=False), _copying("py", is_restoring=True)


@register_jitable
def keep_numpy(out: Array) -> None:
    """``out[...]`` is the state of the generator of ``np.random``."""
    _keep_numpy(out)


@register_jitable
def put_numpy(out: Array, state: Array) -> None:
    """Put the generator of ``np.random`` back into a state that was kept, of which ``out`` gets the first word."""
    _put_numpy(state)
    out[0] = state[0]


@register_jitable
def keep_python(out: Array) -> None:
    """``out[...]`` is the state of the generator of ``random``."""
    _keep_python(out)


@register_jitable
def put_python(out: Array, state: Array) -> None:
    """Put the generator of ``random`` back into a state that was kept, of which ``out`` gets the first word."""
    _put_python(state)
    out[0] = state[0]


# Uncompiled


def plain_keep_numpy(out: Array) -> None:
    """The twin of ``keep_numpy``. Raises UnsupportedCallError for another generator than NumPy's default."""
    found: dict[str, Any] = np.random.get_state(legacy=False)
    if found["bit_generator"] != "MT19937":
        raise UnsupportedCallError(
            f"np.random draws from {found['bit_generator']}, whose state a program can't keep.",
            "leave np.random its own generator (MT19937), or draw the numbers outside the kernel.",
        )
    key, index = found["state"]["key"], found["state"]["pos"]
    out[...] = np.array((index, key, found["has_gauss"], found["gauss"], 1), STATE).reshape(1).view(np.int64)


def plain_put_numpy(out: Array, state: Array) -> None:
    """The twin of ``put_numpy``."""
    index, key, has_gauss, gauss, _ = np.ascontiguousarray(state).view(STATE)[0]
    np.random.set_state(("MT19937", key, int(index), int(has_gauss), float(gauss)))
    out[0] = state[0]


def plain_keep_python(out: Array) -> None:
    """The twin of ``keep_python``."""
    _, (*key, index), gauss = random.getstate()
    made = np.array((index, key, gauss is not None, 0.0 if gauss is None else gauss, 1), STATE)
    out[...] = made.reshape(1).view(np.int64)


def plain_put_python(out: Array, state: Array) -> None:
    """The twin of ``put_python``."""
    index, key, has_gauss, gauss, _ = np.ascontiguousarray(state).view(STATE)[0]
    random.setstate((3, (*key.tolist(), int(index)), float(gauss) if has_gauss else None))
    out[0] = state[0]


# Between runs


def kept(generators: Collection[str], *, compiled: bool) -> Restore:
    """Keep the states of these generators (``"numpy"``, ``"python"``) of this thread; what puts them back."""
    puts = [_kept_compiled(name) if compiled else _KEPT_PLAIN[name]() for name in generators]

    def restore() -> None:
        for put in puts:
            put()

    return restore


@contextmanager
def replaying(restore: Restore, generators: Collection[str], *, compiled: bool) -> Iterator[None]:
    """Draw the numbers after a state that was kept again; afterwards the generators go on from where they are now."""
    now = kept(generators, compiled=compiled)
    restore()
    try:
        yield
    finally:
        now()


_ADDRESSES = {"numpy": "rnd_get_np_state_ptr", "python": "rnd_get_py_state_ptr"}


def _kept_compiled(name: str) -> Restore:
    address: Callable[[], int] = getattr(_helperlib, _ADDRESSES[name])
    state = ctypes.string_at(address(), STATE.itemsize)

    def restore() -> None:
        ctypes.memmove(address(), state, STATE.itemsize)

    return restore


def _kept_numpy() -> Restore:
    state = np.random.get_state(legacy=False)
    return lambda: np.random.set_state(state)


def _kept_python() -> Restore:
    state = random.getstate()
    return lambda: random.setstate(state)


_KEPT_PLAIN: dict[str, Callable[[], Restore]] = {"numpy": _kept_numpy, "python": _kept_python}
