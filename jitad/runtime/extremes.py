"""The larger and the smaller of two numbers as IEEE 754-2019 has them: a NaN wins, and 0.0 is above -0.0."""

# Numba types these functions by its own rules when it compiles a call.
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from typing import Any

from llvmlite import binding, ir
from numba.extending import intrinsic

_INTRINSICS_SINCE = 18
"""The version of LLVM from which on the loop vectoriser knows its intrinsics for them, on x86 too."""


@intrinsic
def largest(typingctx, a, b):
    """The larger of two floating-point numbers of one type; NaN if one is."""
    return _typed(a, b, "maximum", ">")


@intrinsic
def smallest(typingctx, a, b):
    """The smaller of two floating-point numbers of one type; NaN if one is."""
    return _typed(a, b, "minimum", "<")


def _typed(a: Any, b: Any, name: str, better: str) -> Any:
    if a != b or str(a) not in ("float64", "float32"):
        return None

    def codegen(context, builder, sig, args):
        first, second = args
        if binding.llvm_version_info[0] >= _INTRINSICS_SINCE:
            return builder.call(_intrinsic(builder.module, name, first.type), args)
        # of two zeros, either: nobody asks which
        is_better = builder.fcmp_ordered(better, second, first)
        only_second = builder.and_(
            builder.fcmp_unordered("uno", second, second), builder.fcmp_ordered("ord", first, first)
        )
        return builder.select(builder.or_(is_better, only_second), second, first)

    return a(a, b), codegen


def _intrinsic(module: Any, name: str, type_: Any) -> Any:
    full = f"llvm.{name}.{'f64' if isinstance(type_, ir.DoubleType) else 'f32'}"
    found = module.globals.get(full)
    return ir.Function(module, ir.FunctionType(type_, [type_, type_]), full) if found is None else found
