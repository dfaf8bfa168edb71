"""Words that threads share while they run compiled code, without Python's lock.

Two uses: pieces of work that are taken in turn, and the states of helpers, threads that wait for work. What runs a
piece of work lets its helpers in where it starts (``let_in``), and waits for them where it ends (``see_off``), while a
helper waits in ``called_in``. So no thread has to wait for Python's lock, and none sleeps for what takes microseconds.
"""

# Numba types these functions by its own rules when it compiles a call.
# mypy: disable-error-code="no-untyped-def, call-arg, no-untyped-call, arg-type, unreachable"

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, register_jitable
from numba.np import arrayobj

Words = np.ndarray[Any, Any]

_WORD = ir.IntType(64)

LINE = 16
"""Words that are at least a cache line, on the machines that there are."""

STEP, COUNT, NEXT = 0, 1, LINE
"""What the words of some work hold: how much to take at once, how much there is, and what nobody has taken yet."""

AWAY, LET_IN, BUSY, BACK = 0, 1, 2, 3
"""States of a helper: it has nothing to do; it may begin; it works; it has come back."""


def work_words(first: int, step: int, count: int) -> Words:
    """The words of work: pieces of ``step`` of what is numbered from ``first`` to ``count``."""
    words = np.empty(2 * LINE, np.int64)
    words[STEP], words[COUNT], words[NEXT] = step, count, first
    return words


_PAUSES: Any = {
    **dict.fromkeys(("x86_64", "i686"), ("llvm.x86.sse2.pause", [])),
    **dict.fromkeys(("aarch64", "arm64"), ("llvm.aarch64.isb", [ir.Constant(ir.IntType(32), 15)])),
}
"""The instruction by which a core rests for a moment: LLVM's name for it, and its arguments."""


@intrinsic
def _add_to(typingctx, words, index, number):
    """``words[index]``, to which ``number`` is added in the same instant."""

    def codegen(context, builder, sig, args):
        data = arrayobj.make_array(sig.args[0])(context, builder, args[0]).data
        place = builder.gep(data, [context.cast(builder, args[1], sig.args[1], types.intp)])
        return builder.atomic_rmw("add", place, args[2], "monotonic")

    return types.int64(words, types.intp, types.int64), codegen


@intrinsic
def _change(typingctx, address, old, new):
    """True if the word at ``address`` was ``old``, and is ``new`` now; what was written before is seen by both."""

    def codegen(context, builder, sig, args):
        word = builder.inttoptr(args[0], _WORD.as_pointer())
        changed = builder.cmpxchg(word, args[1], args[2], "acq_rel", "acquire")
        return builder.extract_value(changed, 1)

    return types.boolean(types.int64, types.int64, types.int64), codegen


@intrinsic
def _look(typingctx, address):
    """The word at ``address``, and all that was written before it."""

    def codegen(context, builder, sig, args):
        return builder.load_atomic(builder.inttoptr(args[0], _WORD.as_pointer()), "acquire", 8)

    return types.int64(types.int64), codegen


@intrinsic
def _pause(typingctx):
    """Let the core rest for a moment, where it has an instruction for that."""

    def codegen(context, builder, sig, args):
        machine = builder.module.triple.partition("-")[0]
        name, args = _PAUSES.get(machine, ("", []))
        if name:
            kind = ir.FunctionType(ir.VoidType(), [arg.type for arg in args])
            builder.call(cgutils.get_or_insert_function(builder.module, kind, name), args)
        return context.get_dummy_value()

    return types.none(), codegen


@register_jitable
def take(work: Words) -> int:
    """The first number of the next piece of the work, which is this thread's then."""
    return _add_to(work, NEXT, work[STEP])


@register_jitable
def let_in(gate: Words) -> None:
    """Let the helpers begin whose addresses are in ``gate`` from 1 on."""
    for at in range(1, gate.size):
        _change(gate[at], AWAY, LET_IN)


@register_jitable
def see_off(gate: Words) -> None:
    """Wait, for ``gate[0]`` turns each, until the helpers are back; one that hasn't begun doesn't begin any more."""
    for at in range(1, gate.size):
        if not _change(gate[at], LET_IN, AWAY):
            for _ in range(gate[0]):
                if _look(gate[at]) != BUSY:
                    break
                _pause()


@register_jitable
def called_in(address: int, turns: int) -> bool:
    """True when the helper at ``address``, which is back from what it did, has been let in within so many turns."""
    _change(address, BUSY, BACK)
    for _ in range(turns):
        if _look(address) == LET_IN and _change(address, LET_IN, BUSY):
            return True
        _pause()
    return False


def plain_take(work: Words) -> int:
    """The twin of ``take``, for one thread."""
    first = int(work[NEXT])
    work[NEXT] += work[STEP]
    return first


def plain_nobody(gate: Words) -> None:
    """The twin of ``let_in`` and of ``see_off``, without helpers."""
