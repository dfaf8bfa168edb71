"""Arithmetic, comparisons and conversions: the primitives that programs themselves are built from.

Derivative rules stand beside their primitives. Kink policy: where a function has a kink, the rule returns the
derivative of the side that the function's own branch takes (``abs`` at 0 has derivative 0).
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from jitad.primitives.spec import ZERO, Partial, ScalarPrimitive
from jitad.program.statements import Compute, Const, Operand
from jitad.program.types import BOOL, INT64, Scalar

if TYPE_CHECKING:
    from jitad.program.builder import Builder


def stop_gradient(x: Any) -> Any:
    """Give ``x`` back unchanged, with a derivative that is zero.

    Inside a kernel ``x`` may be a number or an array. The result doesn't share memory with ``x``.
    """
    return np.array(x) if isinstance(x, np.ndarray) else x


def _one(a, b, result):
    return 1.0


def _minus_one(a, b, result):
    return -1.0


def _mul_a(a, b, result):
    return b


def _mul_b(a, b, result):
    return a


def _div_a(a, b, result):
    return 1.0 / b


def _div_b(a, b, result):
    return -(result / b)


def _mod_b(a, b, result):
    return -((a - result) / b)


def _pow_a(a, b, result):
    return 0.0 if b == 0 else b * a ** (b - 1)


def _pow_b(a, b, result):
    # a == 0: the result is 0 for every b > 0, so the derivative by b is 0 (log(0) would make it nan).
    return 0.0 if a == 0 else result * math.log(a)


def _unary_one(a, result):
    return 1.0


def _unary_minus_one(a, result):
    return -1.0


def _abs_a(a, result):
    # kink at 0: the derivative is 0 there
    return 1.0 if a > 0 else (-1.0 if a < 0 else 0.0)


def _select_then(condition, then, otherwise, result):
    return 1.0 if condition else 0.0


def _select_otherwise(condition, then, otherwise, result):
    return 0.0 if condition else 1.0


def _binary(
    name: str, function: Any, symbol: str, *partials: Partial, also: tuple[Any, ...] = (), cost: int = 1, **options: Any
) -> ScalarPrimitive:
    return ScalarPrimitive(
        name=name,
        callables=(function, *also),
        template=f"({{0}} {symbol} {{1}})",
        typed_as=function,
        partials=partials or (ZERO, ZERO),
        cost=cost,
        **options,
    )


add = _binary("add", operator.add, "+", _one, _one, also=(operator.iadd, np.add))
sub = _binary("sub", operator.sub, "-", _one, _minus_one, also=(operator.isub, np.subtract))
mul = _binary("mul", operator.mul, "*", _mul_a, _mul_b, also=(operator.imul, np.multiply))
truediv = _binary("truediv", operator.truediv, "/", _div_a, _div_b, also=(operator.itruediv, np.divide), cost=4)
floordiv = _binary(
    *("floordiv", operator.floordiv, "//"), also=(operator.ifloordiv, np.floor_divide), cost=6, kink="jumps"
)
mod = _binary(
    *("mod", operator.mod, "%", _one, _mod_b),
    also=(operator.imod, np.remainder),
    cost=6,
    kink="one-sided at multiples of the divisor",
)
POWERS_OF_ZERO = (((0.0, 2.0), (0.0, 0.0)), ((0.0, 1.0), (1.0, 0.0)), ((0.0, 0), (0.0, None)), ((-2.0, 0), (0.0, None)))
pow_ = _binary(
    *("pow", operator.pow, "**", _pow_a, _pow_b),
    also=(operator.ipow, pow, np.power),
    cost=40,
    kink="0 by the exponent where the base is 0, 0 by the base where the exponent is 0",
    special=POWERS_OF_ZERO,
)
eq = _binary("eq", operator.eq, "==", also=(np.equal,))
ne = _binary("ne", operator.ne, "!=", also=(np.not_equal,))
lt = _binary("lt", operator.lt, "<", also=(np.less,))
le = _binary("le", operator.le, "<=", also=(np.less_equal,))
gt = _binary("gt", operator.gt, ">", also=(np.greater,))
ge = _binary("ge", operator.ge, ">=", also=(np.greater_equal,))
and_ = _binary("and", operator.and_, "&", also=(operator.iand, np.bitwise_and))
or_ = _binary("or", operator.or_, "|", also=(operator.ior, np.bitwise_or))
xor = _binary("xor", operator.xor, "^", also=(operator.ixor, np.bitwise_xor))
lshift = _binary("lshift", operator.lshift, "<<", also=(operator.ilshift, np.left_shift))
rshift = _binary("rshift", operator.rshift, ">>", also=(operator.irshift, np.right_shift))


def _unary(
    name: str, function: Any, template: str, partial: Partial = ZERO, also: tuple[Any, ...] = (), **options: Any
) -> ScalarPrimitive:
    return ScalarPrimitive(
        name=name, callables=(function, *also), template=template, typed_as=function, partials=(partial,), **options
    )


neg = _unary("neg", operator.neg, "(-{0})", _unary_minus_one, also=(np.negative,))
pos = _unary("pos", operator.pos, "(+{0})", _unary_one, also=(np.positive,))
invert = _unary("invert", operator.invert, "(~{0})", also=(np.invert,))
not_ = _unary("not", operator.not_, "(not {0})")
abs_ = _unary(
    "abs", abs, "abs({0})", _abs_a, also=(operator.abs, np.absolute), kink="0 at 0", special=(((0.0,), (0.0,)),)
)

select = ScalarPrimitive(
    name="select",
    template="({1} if {0} else {2})",
    typed_as=None,
    partials=(ZERO, _select_then, _select_otherwise),
    cases=((True, 1.5, 2.5), (False, 1.5, 2.5)),
    doc="``then if condition else otherwise``, both computed already and of one type.",
)


def _identity(x):
    return x


stopped = ScalarPrimitive(
    name="stop_gradient",
    callables=(stop_gradient,),
    template="{0}",
    typed_as=operator.pos,
    partials=(ZERO,),
    doc="The identity with a zero derivative.",
    special=(((1.5,), (0.0,)),),
)


def _cast(dtype: str) -> ScalarPrimitive:
    numpy_type = getattr(np, "bool_" if dtype == "bool" else dtype)
    compiled: Any = bool if dtype == "bool" else numpy_type  # Numba has np.float64(True) and no float(True)
    builtin = {"bool": (bool,), "int64": (int,), "float64": (float,)}.get(dtype, ())
    return ScalarPrimitive(
        name=f"to_{dtype}",
        callables=(numpy_type, *builtin),
        template=f"{dtype}({{0}})",
        typed_as=compiled,
        partials=(_unary_one if dtype.startswith("float") else ZERO,),
        cases=((1.3,), (-0.7,)) if dtype == "float32" else (),
        names=((dtype, compiled),),
        plain_names=((dtype, numpy_type),),
    )


DTYPES = ("float64", "float32", "int64", "int32", "int16", "int8", "uint64", "uint32", "uint16", "uint8", "bool")
casts: dict[str, ScalarPrimitive] = {dtype: _cast(dtype) for dtype in DTYPES}

PRIMITIVES: tuple[ScalarPrimitive, ...] = (
    *(add, sub, mul, truediv, floordiv, mod, pow_, eq, ne, lt, le, gt, ge),
    *(and_, or_, xor, lshift, rshift, neg, pos, invert, not_, abs_, stopped),
)


def cost(statement: Compute) -> int:
    """The work of one operation, in additions; a power with a small literal exponent is a few products."""
    if statement.primitive is pow_:
        exponent = statement.args[1]
        if isinstance(exponent, Const) and isinstance(exponent.value, int) and 0 <= exponent.value <= 16:
            return max(2 * (exponent.value.bit_length() - 1), 1)
    return statement.primitive.cost


def convert_constant(value: Const, type_: Scalar) -> Const:
    """A literal converted to another type, as a cast would do at run time."""
    return Const(np.dtype(type_.dtype).type(value.value).item(), type_)


_FOLDED: dict[ScalarPrimitive, Callable[..., Any]] = {
    p: p.typed_as for p in (add, sub, mul, truediv, floordiv, mod, pow_, eq, ne, lt, le, gt, ge, neg, pos, not_, abs_)
}


def fold(primitive: ScalarPrimitive, args: tuple[Operand, ...], result: Scalar) -> Const | None:
    """The value of an operation on literals, or None when it isn't one or its value isn't plain."""
    if primitive not in _FOLDED or not all(isinstance(arg, Const) for arg in args):
        return None
    values = [np.dtype(a.type.dtype).type(a.value) for a in args]  # type: ignore[union-attr]
    if result == INT64:
        values = [int(v) for v in values]
    try:
        with np.errstate(all="raise"):
            value = _FOLDED[primitive](*values)
    except ArithmeticError:
        return None
    if result == INT64 and not -(2**63) <= value < 2**63:
        return None
    if result.is_float and not math.isfinite(value):
        return None
    return Const(np.dtype(result.dtype).type(value).item(), result)


def simplify(primitive: ScalarPrimitive, args: tuple[Operand, ...], result: Scalar, builder: Builder) -> Operand | None:
    """A simpler operand with the same bits, or None."""
    if not args:
        return None
    first = args[0]
    if len(args) == 1:
        made = builder.made_by(first)
        if primitive in (neg, not_) and made is not None and made.primitive is primitive:
            return _same_type(made.args[0], result)
        if primitive is pos:
            return _same_type(first, result)
        return None
    if primitive is select and isinstance(first, Const):
        return _same_type(args[1] if first.value else args[2], result)
    if primitive is select or len(args) != 2:
        return None
    second = args[1]
    if primitive in (mul, truediv, pow_, floordiv) and _is(second, 1):
        return None if primitive is floordiv and result.is_float else _same_type(first, result)
    if primitive is mul and _is(first, 1):
        return _same_type(second, result)
    if primitive is pow_ and _is(second, 0):
        return Const(1.0 if result.is_float else 1, result)
    if primitive is sub and _is(second, 0):
        return _same_type(first, result)
    if primitive is add and not result.is_float:
        if _is(second, 0):
            return _same_type(first, result)
        if _is(first, 0):
            return _same_type(second, result)
    if primitive in (and_, or_) and result == BOOL:
        for literal, other in (args, args[::-1]):
            if isinstance(literal, Const):
                return _same_type(other if bool(literal.value) is (primitive is and_) else literal, result)
    if primitive in (add, sub) and result == INT64 and isinstance(second, Const):
        return _shift(primitive, first, second, builder)
    if primitive is sub and result == INT64 and first is second:
        return Const(0, INT64)
    return None


def _shift(primitive: ScalarPrimitive, first: Operand, second: Const, builder: Builder) -> Operand | None:
    """``(i + 1) - 1`` is ``i``: integer constants added in turn become one."""
    made = builder.made_by(first)
    if made is None or made.primitive not in (add, sub) or not isinstance(made.args[1], Const):
        return None
    inner = made.args[1].value if made.primitive is add else -made.args[1].value
    total = int(inner + (second.value if primitive is add else -second.value))
    if total == 0:
        return made.args[0]
    if total > 0:
        return builder.compute_typed(add, (made.args[0], Const(total, INT64)), INT64)
    return builder.compute_typed(sub, (made.args[0], Const(-total, INT64)), INT64)


def _is(operand: Operand, value: int) -> bool:
    return isinstance(operand, Const) and operand.value == value and not isinstance(operand.value, bool)


def _same_type(operand: Operand, type_: Scalar) -> Operand | None:
    return operand if operand.type == type_ else None
