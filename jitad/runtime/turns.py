"""Words that threads share while they run compiled code, without Python's lock.

Two uses: pieces of work that are taken in turn, and the states of helpers, threads that wait for work. What runs a
piece of work lets its helpers in where it starts (``let_in``), and waits for them where it ends (``see_off``), while a
helper waits in ``called_in``. So no thread has to wait for Python's lock, and none sleeps for what takes microseconds.
"""

# Numba types these functions by its own rules when it compiles a call.
# mypy: disable-error-code="no-untyped-def, call-arg, no-untyped-call, arg-type, unreachable"

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
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
def take(typingctx, work):
    """The next piece of the work, which is this thread's then: its first number, and the one after its last."""
    signature = types.UniTuple(types.int64, 2)(work)

    def codegen(context, builder, sig, args):
        words = arrayobj.make_array(sig.args[0])(context, builder, args[0]).data
        step, count = (builder.load(_at(builder, words, index)) for index in (STEP, COUNT))
        first = builder.atomic_rmw("add", _at(builder, words, NEXT), step, "monotonic")
        last = builder.add(first, step)
        last = builder.select(builder.icmp_signed("<", last, count), last, count)
        return context.make_tuple(builder, sig.return_type, (first, last))

    return signature, codegen


@intrinsic
def let_in(typingctx, gate):
    """Let the helpers begin whose addresses are in ``gate`` from 1 on."""

    def codegen(context, builder, sig, args):
        with _helpers(context, builder, sig, args) as (_, state):
            _changed(builder, state, AWAY, LET_IN)
        return context.get_dummy_value()

    return types.none(gate), codegen


@intrinsic
def see_off(typingctx, gate):
    """Wait, for ``gate[0]`` turns each, until the helpers are back; one that hasn't begun doesn't begin any more."""

    def codegen(context, builder, sig, args):
        with _helpers(context, builder, sig, args) as (turns, state):
            has_begun = builder.not_(_changed(builder, state, LET_IN, AWAY))
            with builder.if_then(has_begun), cgutils.for_range(builder, turns) as loop:
                now = builder.load_atomic(state, "acquire", 8)
                with builder.if_then(builder.icmp_signed("!=", now, _WORD(BUSY))):
                    loop.do_break()
                _pause(builder)
        return context.get_dummy_value()

    return types.none(gate), codegen


@intrinsic
def called_in(typingctx, address, turns):
    """True when the helper at ``address``, which is back from what it did, has been let in within so many turns."""

    def codegen(context, builder, sig, args):
        state = builder.inttoptr(args[0], _WORD.as_pointer())
        found = cgutils.alloca_once_value(builder, cgutils.false_bit)
        _changed(builder, state, BUSY, BACK)
        with cgutils.for_range(builder, args[1]) as loop:
            now = builder.load_atomic(state, "acquire", 8)
            with builder.if_then(builder.icmp_signed("==", now, _WORD(LET_IN))):
                builder.store(_changed(builder, state, LET_IN, BUSY), found)
            with builder.if_then(builder.load(found)):
                loop.do_break()
            _pause(builder)
        return builder.load(found)

    return types.boolean(types.int64, types.int64), codegen


def _at(builder: Any, words: Any, index: int) -> Any:
    return builder.gep(words, [_WORD(index)])


@contextmanager
def _helpers(context: Any, builder: Any, sig: Any, args: Any) -> Iterator[Any]:
    """The body of a loop over the helpers of a gate: how many turns to wait, and the place of a helper's state."""
    made = arrayobj.make_array(sig.args[0])(context, builder, args[0])
    turns = builder.load(made.data)
    with cgutils.for_range(builder, made.nitems, start=_WORD(1)) as loop:
        address = builder.load(builder.gep(made.data, [loop.index]))
        yield turns, builder.inttoptr(address, _WORD.as_pointer())


def _changed(builder: Any, state: Any, old: int, new: int) -> Any:
    """True if the state was the ``old`` one; it is the ``new`` one then. What was written before is seen by both."""
    return builder.extract_value(builder.cmpxchg(state, _WORD(old), _WORD(new), "acq_rel", "acquire"), 1)


def _pause(builder: Any) -> None:
    """Let the core rest for a moment, where it has an instruction for that."""
    name, args = _PAUSES.get(builder.module.triple.partition("-")[0], ("", []))
    if name:
        kind = ir.FunctionType(ir.VoidType(), [arg.type for arg in args])
        builder.call(cgutils.get_or_insert_function(builder.module, kind, name), args)


def plain_take(work: Words) -> tuple[int, int]:
    """The twin of ``take``, for one thread."""
    first = int(work[NEXT])
    work[NEXT] += work[STEP]
    return first, min(int(work[NEXT]), int(work[COUNT]))


def plain_nobody(gate: Words) -> None:
    """The twin of ``let_in`` and of ``see_off``, without helpers."""
