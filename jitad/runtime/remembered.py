"""Numbers that compiled code keeps between its calls: the sizes of tapes that calls have needed.

Each is a word of the compiled module itself, so it needs no Python object, is shared by the threads that run the
module, and starts anew in each process. Loads and stores are atomic; what is lost when two threads store at once is
only a hint.
"""

# Numba types these functions by its own rules when it compiles a call.
# mypy: disable-error-code="no-untyped-def, call-arg, no-untyped-call, arg-type"

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core.errors import TypingError
from numba.extending import intrinsic

WORD = ir.IntType(64)


@intrinsic(prefer_literal=True)
def recall(typingctx, name, first):
    """The number last remembered under the literal ``name``, or the literal ``first``."""
    if not isinstance(name, types.StringLiteral) or not isinstance(first, types.IntegerLiteral):
        raise TypingError("recall: the name and the first number must be literals")
    text, number = name.literal_value, first.literal_value

    def codegen(context, builder, sig, args):
        word = _word(builder, text)
        if word.initializer is None or word.initializer.constant < number:
            word.initializer = ir.Constant(WORD, number)
        return builder.load_atomic(word, "monotonic", 8)

    return types.int64(name, first), codegen


@intrinsic(prefer_literal=True)
def remember(typingctx, name, number):
    """Keep a number under the literal ``name``, for ``recall`` in the same function."""
    if not isinstance(name, types.StringLiteral):
        raise TypingError("remember: the name must be a literal")
    text = name.literal_value

    def codegen(context, builder, sig, args):
        number = context.cast(builder, args[1], sig.args[1], types.int64)
        builder.store_atomic(number, _word(builder, text), "monotonic", 8)
        return context.get_dummy_value()

    return types.none(name, types.int64), codegen


def _word(builder: Any, name: str) -> Any:
    """The module's own global variable for a name."""
    symbol = f"jitad.remembered.{name}"
    word = builder.module.globals.get(symbol)
    if word is None:
        word = ir.GlobalVariable(builder.module, WORD, symbol)
        word.linkage = "internal"
        word.align = 8
        word.initializer = ir.Constant(WORD, 0)
    return word
