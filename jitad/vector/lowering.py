"""Vector functions in LLVM's terms.

What jitad writes out is inlined, and a loop over it runs in vectors like any other. For what a library has, LLVM's loop
vectoriser takes from the attribute ``vector-function-abi-variant`` what stands for several calls of a function at once.
The function must be one of ours: calls of libm's names become intrinsics, which it has no vector form for. Neither it
nor its vector forms may be inlined before the vectoriser runs, and ``weak_odr`` keeps the latter while nothing calls
them.
"""

# Numba types these functions by its own rules when it compiles a call.
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from functools import cache
from typing import Any

from llvmlite import binding, ir
from numba.core.errors import TypingError
from numba.extending import intrinsic

from jitad.vector import choice
from jitad.vector.exponential import DOUBLE, SINGLE, exponential
from jitad.vector.functions import FUNCTIONS, VectorFunction
from jitad.vector.libraries import has_fma
from jitad.vector.slots import register, symbol

register()  # emitted modules import this one before their compiled code is loaded

_MACHINE = {"float64": ir.DoubleType(), "float32": ir.FloatType()}
_FORMATS = {"float64": DOUBLE, "float32": SINGLE}
_INDEX = ir.IntType(64)
_LEAVE = ("noinline", "nounwind", "willreturn", "readnone")
_ORDERED = "-force-ordered-reductions"
_ORDERED_SINCE, _ORDERED_UNTIL = 13, 22


@cache
def vectorize_ordered_sums() -> None:
    """Let LLVM compute the terms of a sum in vectors and then add them one by one, in the order that the loop has.

    The result is the same to the last bit. LLVM has the option on for some CPUs only; it is set for the whole
    process. One that LLVM doesn't know would end the process, so it is set for the versions that have it.
    """
    if _ORDERED_SINCE <= binding.llvm_version_info[0] <= _ORDERED_UNTIL:
        binding.set_option("jitad", _ORDERED)


def _made(function: VectorFunction) -> Any:
    """The intrinsic for a function: on numbers of one dtype, float64 or float32."""

    def one(typingctx, x):
        return _typed(function, (x,))

    def two(typingctx, x, y):
        return _typed(function, (x, y))

    made = one if function.arity == 1 else two
    made.__name__ = made.__qualname__ = f"vector_{function.name}"
    made.__doc__ = f"``{function.name}``, several at a time in loops that LLVM vectorises."
    return intrinsic(made)


def _typed(function: VectorFunction, args: tuple[Any, ...]) -> Any:
    dtype = str(args[0])
    if dtype not in _MACHINE or any(arg != args[0] for arg in args):
        raise TypingError(f"vector_{function.name} isn't for {args}")

    def codegen(context, builder, sig, values):
        if choice.is_written_out(function.name, dtype):
            return builder.call(_written_out(builder.module, function, dtype), values)
        if not choice.widths(function.name, dtype):
            return _by_numba(context, builder, function, sig, values)
        return builder.call(_scalar(builder.module, function, dtype), values)

    return args[0](*args), codegen


def _by_numba(context: Any, builder: Any, function: VectorFunction, sig: Any, values: Any) -> Any:
    """What Numba emits for a function that isn't served."""
    called = context.typing_context.resolve_value_type(function.scalar)
    plain = context.typing_context.resolve_function_type(called, sig.args, {})
    return context.get_function(called, plain)(builder, values)


for _function in FUNCTIONS.values():
    globals()[f"vector_{_function.name}"] = _made(_function)


def _written_out(module: Any, function: VectorFunction, dtype: str) -> Any:
    """The function on one element, to be inlined wherever it is called."""
    name = f"jitad_inline_{function.name}_{dtype}"
    if name in module.globals:
        return module.globals[name]
    vectorize_ordered_sums()
    number = _MACHINE[dtype]
    made = ir.Function(module, ir.FunctionType(number, [number]), name)
    made.linkage = "linkonce_odr"
    _add_attributes(made, "alwaysinline", "nounwind", "willreturn", "readnone")
    builder = ir.IRBuilder(made.append_basic_block())
    builder.ret(exponential(builder, made.args[0], _FORMATS[dtype], fused=has_fma()))
    return made


def _scalar(module: Any, function: VectorFunction, dtype: str) -> Any:
    """The function on one element, with the attribute that names its vector forms."""
    name = f"jitad_{function.name}_{dtype}"
    if name in module.globals:
        return module.globals[name]
    vectorize_ordered_sums()
    number = _MACHINE[dtype]
    made = ir.Function(module, ir.FunctionType(number, [number] * function.arity), name)
    made.linkage = "linkonce_odr"
    variants = []
    for width in choice.widths(function.name, dtype):
        variant = _vector(module, function, dtype, width)
        variants.append(f"_ZGV_LLVM_N{width}{'v' * function.arity}_{name}({variant.name})")
    _add_attributes(made, *_LEAVE, f'"vector-function-abi-variant"="{",".join(variants)}"')
    builder = ir.IRBuilder(made.append_basic_block())
    builder.ret(builder.call(_one(module, function, dtype), made.args))
    return made


def _one(module: Any, function: VectorFunction, dtype: str) -> Any:
    """libm's function on one element."""
    name, number = function.c_name(dtype), _MACHINE[dtype]
    found = module.globals.get(name)
    return ir.Function(module, ir.FunctionType(number, [number] * function.arity), name) if found is None else found


def _vector(module: Any, function: VectorFunction, dtype: str, width: int) -> Any:
    """The function on ``width`` elements: the library's, or where its slot is empty, one element after the other."""
    vector = ir.VectorType(_MACHINE[dtype], width)
    type_ = ir.FunctionType(vector, [vector] * function.arity)
    slot = ir.GlobalVariable(module, type_.as_pointer(), symbol(function.name, dtype, width))
    slot.global_constant = True  # no code changes it, so that reading it counts as no effect
    made = ir.Function(module, type_, f"jitad_{function.name}_{dtype}x{width}")
    made.linkage = "weak_odr"
    _add_attributes(made, *_LEAVE)
    builder = ir.IRBuilder(made.append_basic_block())
    address = builder.load(slot)
    is_there = builder.icmp_unsigned("!=", address, ir.Constant(address.type, None))
    with builder.if_then(is_there, likely=True):
        builder.ret(builder.call(address, made.args, tail=True))
    builder.ret(_one_by_one(builder, _one(module, function, dtype), made.args))
    return made


def _one_by_one(builder: Any, one: Any, args: Any) -> Any:
    """A loop that calls ``one`` for each element of vectors."""
    vector = args[0].type
    start, done = builder.block, builder.append_basic_block("done")
    loop = builder.append_basic_block("each")
    builder.branch(loop)
    builder.position_at_end(loop)
    at, result = builder.phi(_INDEX), builder.phi(vector)
    value = builder.call(one, [builder.extract_element(arg, at) for arg in args])
    extended = builder.insert_element(result, value, at)
    following = builder.add(at, _INDEX(1))
    end = builder.block
    for phi, first, then in ((at, _INDEX(0), following), (result, ir.Constant(vector, ir.Undefined), extended)):
        phi.add_incoming(first, start)
        phi.add_incoming(then, end)
    builder.cbranch(builder.icmp_unsigned("<", following, _INDEX(vector.count)), loop, done)
    builder.position_at_end(done)
    return extended


def _add_attributes(function: Any, *attributes: str) -> None:
    """llvmlite checks the names of attributes, and doesn't know all of LLVM's."""
    for attribute in attributes:
        set.add(function.attributes, attribute)
