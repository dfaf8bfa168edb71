"""Derivative functions in compiled code: ``@njit`` functions call them as they call each other.

Numba asks an object for its type; a derivative function answers with the type of a dispatcher, made on first use. When
the dispatcher is compiled for argument types, the kernel is read and differentiated for these types, and the
dispatcher takes over what Numba compiles of the emitted function. So whatever works with a dispatcher works with a
derivative function.

As with any function that compiled code calls, what the kernel captures (arrays too) is what it was when the caller was
compiled. Numba's own cache of the caller (``cache=True``) is compiled anew when jitad or a file with a function of the
kernel changes, but doesn't see other changes, such as a number that is read from a configuration file.
"""

from __future__ import annotations

import functools
import inspect
import threading
import weakref
from collections.abc import Mapping, Sequence
from types import MethodType
from typing import TYPE_CHECKING, Any, Protocol

from numba.core import types
from numba.core.registry import CPUDispatcher
from numba.experimental import function_type

from jitad.api.memo import memo_of
from jitad.api.parameters import stub
from jitad.api.specialize import Specializer

if TYPE_CHECKING:
    from jitad.api.derived import Derived
    from jitad.reading.signature import ArgSpec

_ATTRIBUTE = "_jitad_dispatcher"
_lock = threading.Lock()


class DerivativeFunction(Protocol):
    """What compiled code can call: a derivative of ``kernel``."""

    @property
    def kernel(self) -> Any:
        """The function that is differentiated."""
        ...

    @property
    def identity(self) -> tuple[Any, ...]:
        """What this computes of its kernel; hashable."""
        ...

    @property
    def least_count(self) -> int:
        """How many arguments by position the derivative needs, defaults included."""
        ...

    def derived(self, specs: Sequence[ArgSpec], named: Mapping[str, ArgSpec]) -> Derived:
        """What is computed, as a program, for positional and keyword arguments so described."""
        ...


class DerivativeDispatcher(CPUDispatcher):
    """Compiles one derivative function for the argument types that it is called with."""

    def __init__(self, derivative: DerivativeFunction) -> None:
        signature = inspect.signature(derivative.kernel)
        super().__init__(stub(derivative, signature), targetoptions={"nopython": True})
        self.derivative = derivative
        self._compiler = Specializer(self, signature)

    def __reduce__(self) -> Any:
        return _restored, (self.derivative,)

    def _make_finalizer(self) -> Any:
        """Nothing: what Numba compiled belongs to the emitted functions."""
        return _nothing

    def _callback_add_timer(self, duration: float, cres: Any, lock_name: str) -> None:
        """Nothing: the emitted function's dispatcher has noted its own times."""


def dispatcher_of(derivative: Any) -> DerivativeDispatcher:
    """The dispatcher of a derivative function, the same one each time."""
    found = vars(derivative).get(_ATTRIBUTE)
    if found is None or found.derivative is not derivative:  # a copy's own
        with _lock:
            found = vars(derivative).get(_ATTRIBUTE)
            if found is None or found.derivative is not derivative:
                found = DerivativeDispatcher(derivative)
                setattr(derivative, _ATTRIBUTE, found)
                entries, key = _place(derivative)
                entries[key] = weakref.ref(found)
    return found


def _restored(derivative: Any) -> DerivativeDispatcher:
    """The dispatcher in use for what a pickled derivative function stands for, so that Numba's cache finds it."""
    entries, key = _place(derivative)
    found = entries.get(key, _nothing)()
    return dispatcher_of(derivative) if found is None else found


def _place(derivative: DerivativeFunction) -> tuple[dict[Any, Any], Any]:
    """Where the dispatcher of the latest derivative function that equals this one is known."""
    kernel: Any = derivative.kernel
    bound: Any = None
    if isinstance(kernel, MethodType):
        kernel, bound = kernel.__self__, kernel.__func__
    return memo_of(kernel).entries, ("dispatcher", bound, *derivative.identity)


def _nothing() -> None: ...


def _show_dispatchers_to_numba() -> None:
    """Let Numba find the code of a derivative function that stands where a ``FunctionType`` is declared.

    For an argument of an explicit signature, a field of a ``jitclass`` or an item of a typed list it asks these two
    functions for addresses, and they know dispatchers only.
    """
    for name in ("_get_wrapper_address", "_get_jit_address"):
        setattr(function_type, name, _asking_dispatcher(getattr(function_type, name)))


def _asking_dispatcher(address: Any) -> Any:
    @functools.wraps(address)
    def address_of(func: Any, sig: Any) -> Any:
        found = getattr(func, "_numba_type_", None)
        return address(found.dispatcher if isinstance(found, types.Dispatcher) else func, sig)

    return address_of


_show_dispatchers_to_numba()
