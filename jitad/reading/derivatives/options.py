"""What a call of ``jitad.grad`` or the like asks for: which derivative, by which arguments."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from jitad.errors import ArgumentError
from jitad.program.statements import Const
from jitad.reading.values import DerivativeForm, DerivativeValue, ScalarValue, SequenceValue, StaticValue, Value

if TYPE_CHECKING:
    from jitad.reading.reader import Reader


def make(kind: str, *, with_value: bool = False) -> Callable[..., Value]:
    """What reads a call of ``jitad.grad``, ``jitad.hessian`` or the like, giving the derivative function."""

    def read(
        reader: Reader,
        f: Value,
        argnums: Value | None = None,
        has_aux: Value | None = None,
        storage: Value | None = None,
    ) -> Value:
        asked = argnums_of(reader, argnums, 0), _flag(reader, has_aux)
        return DerivativeValue(DerivativeForm(kind, None, *asked, with_value, storage_of(reader, storage)), f)

    return read


def jacfwd(reader: Reader, f: Value, argnums: Value | None = None, has_aux: Value | None = None) -> Value:
    """``jitad.jacfwd(f, argnums, has_aux)``."""
    return make("jacobian")(reader, f, argnums, has_aux)


def value_and_jacobian(reader: Reader, f: Value, argnums: Value | None = None, storage: Value | None = None) -> Value:
    """``jitad.value_and_jacobian(f, argnums, storage)``."""
    return make("jacobian", with_value=True)(reader, f, argnums, None, storage)


def hessian(reader: Reader, f: Value, argnums: Value | None = None, storage: Value | None = None) -> Value:
    """``jitad.hessian(f, argnums, storage)``: the Jacobian of the gradient."""
    form = DerivativeForm("gradient", None, argnums_of(reader, argnums, 0), storage=storage_of(reader, storage))
    return DerivativeValue(DerivativeForm("jacobian", None, form.argnums), DerivativeValue(form, f))


def argnums_of(reader: Reader, value: Value | None, default: Any) -> Any:
    """The positions that an ``argnums`` argument names; ``default`` when it is left out."""
    if value is None or (isinstance(value, StaticValue) and value.obj is None):
        return default
    if isinstance(value, ScalarValue) and isinstance(value.operand, Const) and not value.type.is_float:
        return int(value.operand.value)
    if isinstance(value, SequenceValue):
        return tuple(argnums_of(reader, item, default) for item in value.items)
    reader.refuse(ArgumentError, "argnums must be known while reading", "write it as a literal: 0, or (0, 1)")


def _flag(reader: Reader, value: Value | None) -> bool:
    if value is None:
        return False
    if isinstance(value, ScalarValue) and isinstance(value.operand, Const):
        return bool(value.operand.value)
    reader.refuse(ArgumentError, "has_aux must be known while reading", "write True or False")


def storage_of(reader: Reader, value: Value | None) -> str:
    """What a ``storage`` argument says; "auto" when it is left out."""
    from jitad.analysis.plan import AUTO, STORAGES

    if value is None:
        return AUTO
    if isinstance(value, StaticValue) and value.obj in STORAGES:
        return str(value.obj)
    reader.refuse(
        ArgumentError,
        "storage must be known while reading, and one of the ways to get values for the reverse sweep",
        f"write one of {', '.join(map(repr, STORAGES))}",
    )


def positions_of(reader: Reader, argnums: int | tuple[int, ...], count: int) -> list[int]:
    """The arguments that ``argnums`` names among ``count`` positional ones; refuses others."""
    asked = argnums if isinstance(argnums, tuple) else (argnums,)
    for argnum in asked:
        if not -count <= argnum < count:
            reader.refuse(
                ArgumentError,
                f"argnums={argnums!r} asks for argument {argnum}, but this call gives {count} positional "
                f"{'argument' if count == 1 else 'arguments'}",
                "count from 0, and pass that argument by position",
            )
    found = [argnum % count for argnum in asked]
    if len(set(found)) < len(found):
        reader.refuse(ArgumentError, f"argnums={argnums!r} names an argument twice", "name each one once")
    return found


def of_object(reader: Reader, obj: Any, text: str) -> DerivativeValue | None:
    """The value of a derivative function made outside the kernel; None for anything else."""
    form = getattr(obj, "form", None)
    if not isinstance(form, DerivativeForm):
        return None
    inner = of_object(reader, form.function, text)
    return DerivativeValue(form, inner or reader.captures.lift(reader, form.function, None, text))
