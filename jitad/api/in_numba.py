"""Derivatives asked for in compiled code: ``jitad.grad(f)(x)`` and the like inside an ``@njit`` function.

Numba runs ``register`` (an entry point of the group ``numba_extensions``) before it compiles anything. What is
differentiated must be a function that Numba knows while it compiles: an ``@njit`` function, or a derivative.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jitad.analysis.plan import AUTO
from jitad.api.forward import hvp, jvp
from jitad.api.gradient import grad, value_and_grad
from jitad.api.jacobian import hessian, jacfwd, jacobian, jacrev, value_and_jacobian

if TYPE_CHECKING:
    from jitad.api.derived import Derived
    from jitad.reading.signature import ArgSpec


def register() -> None:
    """Tell Numba what the functions of jitad give in compiled code, and where that finds vector functions."""
    from numba.core.registry import cpu_target
    from numba.extending import overload

    from jitad.runtime import complexes
    from jitad.vector import overloads

    complexes.register()
    overload(jacfwd, prefer_literal=True, strict=False)(_forward)
    for function in (grad, value_and_grad, jacrev, jacobian):
        overload(function, prefer_literal=True, strict=False)(_with_aux(function))
    for plain in (value_and_jacobian, hessian):
        overload(plain, prefer_literal=True, strict=False)(_without_aux(plain))
    overload(jvp, prefer_literal=True, strict=False)(_pushed)
    overload(hvp, prefer_literal=True, strict=False)(_product)
    overloads.register()
    cpu_target.typing_context.refresh()


def _forward(f: Any, argnums: Any = 0, has_aux: Any = False) -> Any:
    made = _dispatcher(f, lambda kernel: jacfwd(kernel, _literal(argnums), _literal(has_aux)))
    return None if made is None else lambda f, argnums=0, has_aux=False: made


def _with_aux(function: Callable[..., Any]) -> Callable[..., Any]:
    def typed(f: Any, argnums: Any = 0, has_aux: Any = False, storage: Any = AUTO) -> Any:
        options = [_literal(option) for option in (argnums, has_aux, storage)]
        made = _dispatcher(f, lambda kernel: function(kernel, *options))
        return None if made is None else lambda f, argnums=0, has_aux=False, storage="auto": made

    return typed


def _without_aux(function: Callable[..., Any]) -> Callable[..., Any]:
    def typed(f: Any, argnums: Any = 0, storage: Any = AUTO) -> Any:
        made = _dispatcher(f, lambda kernel: function(kernel, _literal(argnums), _literal(storage)))
        return None if made is None else lambda f, argnums=0, storage="auto": made

    return typed


def _pushed(f: Any, primals: Any, tangents: Any, argnums: Any = None) -> Any:
    """``jvp``: a kernel that calls it is compiled for these arguments."""
    asked = _literal(argnums)

    def calling(kernel: Any) -> Primal:
        def called(primals: Any, tangents: Any) -> Any:
            return jvp(kernel, primals, tangents, asked)

        return Primal(called)

    made = _dispatcher(f, calling)
    return None if made is None else lambda f, primals, tangents, argnums=None: made(primals, tangents)


def _product(f: Any, primals: Any, v: Any, argnums: Any = 0, storage: Any = AUTO) -> Any:
    """``hvp``, likewise."""
    asked, way = _literal(argnums), _literal(storage)

    def calling(kernel: Any) -> Primal:
        def called(primals: Any, v: Any) -> Any:
            return hvp(kernel, primals, v, asked, way)

        return Primal(called)

    made = _dispatcher(f, calling)
    return None if made is None else lambda f, primals, v, argnums=0, storage="auto": made(primals, v)


def _dispatcher(f: Any, make: Callable[[Any], Any]) -> Any:
    """The dispatcher of what ``make`` makes of a function of this Numba type; None for another type."""
    from numba.core import types

    from jitad.api.dispatch import dispatcher_of

    if not isinstance(f, types.Dispatcher):
        return None
    function: Any = f.dispatcher
    return dispatcher_of(make(getattr(function, "derivative", function)))


def _literal(type_: Any) -> Any:
    """The value that a Numba type says an option has. Raises TypingError when it isn't a literal."""
    from numba.core import types
    from numba.core.errors import TypingError

    match type_:
        case types.Omitted():
            return type_.value
        case types.Literal():
            return type_.literal_value
        case types.NoneType():
            return None
        case int() | str() | None:
            return type_
    if isinstance(type_, types.BaseTuple):
        parts: Any = type_
        return tuple(_literal(part) for part in parts)
    raise TypingError("argnums, has_aux and storage must be literals in compiled code. Write argnums=0, or (0, 1).")


@dataclass(eq=False)
class Primal:
    """A kernel that asks for derivatives inside, to be called by compiled code."""

    kernel: Callable[..., Any]
    least_count: int = 0

    @property
    def identity(self) -> tuple[Any, ...]:
        """What this computes of its kernel; hashable."""
        return (Primal,)

    def derived(self, specs: Sequence[ArgSpec], named: Mapping[str, ArgSpec]) -> Derived:
        """The kernel's own program, for positional and keyword arguments so described."""
        from jitad.api.derived import Derived
        from jitad.api.differentiate import forward_only, read

        reading = read(self.kernel, specs, named)
        return Derived(reading, forward_only(reading), (), reading.kernel.result)
