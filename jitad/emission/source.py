"""The text of a program: one method per statement, and control flow."""

from __future__ import annotations

import re

import numpy as np

from jitad.emission.memory import MemoryWriter
from jitad.emission.overflow import Rows, popped_per_iteration, pushes_per_iteration
from jitad.emission.writer import bare, called
from jitad.program.origin import Origin
from jitad.program.queries import walk
from jitad.program.statements import (
    Accumulate,
    Alloc,
    AtOffset,
    Block,
    Branch,
    Call,
    Compute,
    Const,
    Dim,
    Draw,
    Fail,
    Load,
    Loop,
    OffsetOf,
    Operand,
    Pop,
    Push,
    Release,
    Reshape,
    Run,
    Statement,
    Store,
    Var,
    View,
)
from jitad.program.types import INT64, Array


class Emitter(MemoryWriter):
    """Writes the source of one program."""

    def function(self) -> str:
        """The whole function."""
        params = [self._names.bind(p) for p in self._program.params]
        params += self._stacks("tape")
        for dtype in self._tapes:
            self._line(f"top_{dtype} = {self._number(Const(0, INT64)) if self._functions else 0}")
            self._line(f"limit_{dtype} = tape_{dtype}.size")
            if self._measured:
                self._line(f"peak_{dtype} = 0")
        return self._defined(self.entry, params)

    def shared(self, name: str) -> str:
        """A function that other emitted functions call: it goes on where their tapes are."""
        params = [self._names.bind(p) for p in self._program.params] + self._stacks("tape", "top", "limit")
        if self._measured:
            for dtype in self._tapes:
                self._line(f"peak_{dtype} = 0")
        return self._defined(name, params)

    def _defined(self, name: str, params: list[str]) -> str:
        self._block(self._program.body)
        self._line(f"return ({', '.join(['0', *self._results()])},)")
        return f"def {name}({', '.join(params)}):\n" + "\n".join(self._lines) + "\n"

    def _stacks(self, *parts: str) -> list[str]:
        return [f"{part}_{dtype}" for part in parts for dtype in self._tapes]

    def _results(self) -> list[str]:
        parts = []
        for result in self._program.results:
            if isinstance(result.type, Array):
                assert isinstance(result, Var)
                name = self._text(result)
                parts.append(f"{self._helper('offset_of')}(tape_{result.type.dtype}, {name})")
                parts += [f"{name}.shape[{axis}]" for axis in range(result.type.ndim)]
            else:
                parts.append(self._text(result))
        if self._measured:
            parts += [f"peak_{t}" for t in self._tapes]
        return parts

    def _block(self, block: Block) -> None:
        for statement in block:
            self._statement(statement)

    def _statement(self, statement: Statement) -> None:
        if not isinstance(statement, Loop | Branch | Compute):
            self._mark(statement)
        match statement:
            case Compute():
                self._compute(statement)
            case Draw(out=out, primitive=sampler, args=args):
                call = f"{sampler.function.__name__}({', '.join(self._text(arg) for arg in args)})"
                self._line(f"{self._names.bind(out)} = {call}")
            case Dim(out=out, array=array, axis=axis):
                self._line(f"{self._names.bind(out)} = {self._text(array)}.shape[{axis}]")
            case Load(out=out, array=array, index=index):
                text = self._read(out, *self._place_in(array, index, out))
                self._line(f"{self._names.bind(out)} = {text}")
            case Store(array=array, index=index, value=value):
                self._line(self._write("store", value, *self._place_in(array, index, value)))
            case Accumulate(array=array, index=index, value=value):
                self._line(self._write("accumulate", value, *self._place_in(array, index, value)))
            case Alloc():
                self._alloc(statement)
            case AtOffset(out=out, offset=offset, shape=shape, strides=()):
                self._tape_array(out, self._text(offset), shape)
            case AtOffset():
                self._strided_array(statement)
            case OffsetOf():
                self._offset_of(statement)
            case Release():
                self._release(statement)
            case View():
                self._view(statement)
            case Reshape(out=out, base=base, shape=shape):
                call = f"{self._helper('reshaped')}({self._text(base)}, {self._tuple(shape)})"
                self._line(f"{self._names.bind(out)} = {call}")
            case Call():
                self._call(statement)
            case Run():
                self._run(statement)
            case Fail():
                self._fail(statement)
            case Push(values=values):
                self._push(values)
            case Pop(outs=outs):
                self._pop(outs)
            case Loop():
                self._loop(statement)
            case Branch():
                self._branch(statement)

    def _call(self, call: Call) -> None:
        name, _, _ = called(call)
        self._line(f"{name}({', '.join(self._text(o) for o in (*call.outs, *call.args))})")

    def _run(self, run: Run) -> None:
        given = [self._number(arg) if isinstance(arg, Const) else self._text(arg) for arg in run.args]
        given += self._stacks("tape", "top", "limit")
        ran = self._names.fresh("ran")
        self._line(f"{ran} = {self._functions[run.program]}({', '.join(given)})")
        if self._tapes:
            self._line(f"if {ran}[0] != 0:")
            self._stop(f"{ran}[0]")
        for at, out in enumerate(run.outs):
            self._line(f"{self._names.bind(out)} = {ran}[{at + 1}]")
        if self._measured:
            for at, dtype in enumerate(self._tapes):
                self._line(f"peak_{dtype} = max(peak_{dtype}, {ran}[{len(run.outs) + at + 1}])")

    def _number(self, const: Const) -> str:
        """A literal as a number of its type; Numba would compile a function anew for each literal integer."""
        dtype = const.type.dtype
        if not dtype.startswith("int"):
            return self._text(const)
        numpy_type = getattr(np, dtype)
        return f"{self._use(dtype, numpy_type, numpy_type)}({const.value})"

    def _fail(self, fail: Fail) -> None:
        if isinstance(fail.condition, Const):
            if fail.condition.value:
                self._raise(fail)
            return
        self._line(f"if {bare(self._text(fail.condition))}:")
        self._indent += 1
        self._raise(fail)
        self._indent -= 1

    def _raise(self, fail: Fail) -> None:
        name = fail.exception.__name__
        self._use(name, fail.exception, fail.exception)
        args = ", ".join(repr(arg.packed() if isinstance(arg, Origin) else arg) for arg in fail.args)
        self._line(f"raise {name}({args})")

    # Control flow

    def _loop(self, loop: Loop) -> None:
        for init, param in zip(loop.inits, loop.params, strict=True):
            text = self._text(init)
            self._line(f"{self._names.bind(param)} = {bare(text)}")
        covered, rows = self._covered, self._rows
        amounts = None if covered else pushes_per_iteration(loop)
        trips = self._trips(loop) if loop.is_counted and (amounts or loop.rows) else ""
        if amounts and trips:
            for dtype, amount in amounts.items():
                self._check(dtype, trips if amount == 1 else f"{amount} * {trips}")
            self._covered = True
        self._rows = self._open_rows(loop, trips) if loop.rows else None
        self._indent += 1
        before = len(self._lines) + 1
        if loop.is_counted:
            self._counted(loop)
        else:
            self._conditional(loop)
        self._assign(loop.params, loop.yields)
        if not loop.is_counted:
            self._line(f"{self._names[loop.index]} += 1")
        self._fill(before)
        self._indent -= 1
        if self._rows is not None:
            for dtype, amount in self._rows.pushed.items():
                self._line(f"top_{dtype} += {amount} * {trips}")
                self._measure(dtype)
        self._covered, self._rows = covered, rows
        self._place = ""
        for result, param in zip(loop.results, loop.params, strict=True):
            self._names.share(result, param)
        if loop.count is not None:
            self._names.share(loop.count, loop.index)

    def _open_rows(self, loop: Loop, trips: str) -> Rows:
        """Take back the rows that a loop pops, all at once."""
        popped = popped_per_iteration(loop)
        for dtype, amount in popped.items():
            if self._indent > 1:  # in another loop, from where the tape steps down
                self._line(f"top_{dtype} = {self._helper('unforeseen')}(top_{dtype} - {amount} * {trips})")
            else:
                self._line(f"top_{dtype} -= {amount} * {trips}")
        assert loop.start is not None
        start = self._text(loop.start)
        self._names.bind(loop.index)
        index = self._names[loop.index]
        return Rows(trips, index if start == "0" else f"({index} - {start})", popped)

    def _trips(self, loop: Loop) -> str:
        assert loop.start is not None and loop.stop is not None and loop.step is not None
        start, stop, step = (self._text(o) for o in (loop.start, loop.stop, loop.step))
        trips = self._names.fresh("trips")
        if step == "1":
            self._line(f"{trips} = {self._helper('trip_count')}({bare(start)}, {bare(stop)})")
        else:
            self._line(f"{trips} = len(range({start}, {stop}, {step}))")
        return trips

    def _counted(self, loop: Loop) -> None:
        assert loop.start is not None and loop.stop is not None and loop.step is not None
        start, stop, step = (self._text(o) for o in (loop.start, loop.stop, loop.step))
        index = self._names[loop.index] if self._rows is not None else self._names.bind(loop.index)
        self._indent -= 1
        unit = isinstance(loop.step, Const) and loop.step.value == 1
        if not loop.descending or self._rows is not None:
            bounds = stop if unit and start == "0" else ", ".join([start, stop] + ([] if unit else [step]))
            self._line(f"for {index} in range({bare(bounds)}):")
            self._indent += 1
        elif unit:
            turn = self._names.fresh("turn") if _steps_down(loop) else index
            self._line(f"for {turn} in range({stop} - 1, {start} - 1, -1):")
            self._indent += 1
            if turn != index:
                self._line(f"{index} = {self._helper('unforeseen')}({turn})")
        else:
            trips, turn = self._trips(loop), self._names.fresh("turn")
            self._line(f"for {turn} in range({trips} - 1, -1, -1):")
            self._indent += 1
            self._line(f"{index} = {start} + {turn} * {step}")
        self._block(loop.body)

    def _conditional(self, loop: Loop) -> None:
        assert loop.condition_block is not None and loop.condition is not None
        index = self._names.bind(loop.index)
        self._indent -= 1
        self._line(f"{index} = 0")
        self._line("while True:")
        self._indent += 1
        self._block(loop.condition_block)
        self._line(f"if not {self._text(loop.condition)}:")
        self._line("    break")
        self._block(loop.body)

    def _assign(self, targets: list[Var], values: list[Operand]) -> None:
        """Assign all at once; a target that a later value still reads is assigned through a temporary."""
        pending = [
            (self._names[t], self._text(v), _words(self._text(v)))
            for t, v in zip(targets, values, strict=True)
            if self._text(v) != self._names[t]
        ]
        while pending:
            ready = [row for row in pending if not any(row[0] in w for n, _, w in pending if n != row[0])]
            if not ready:
                name, text, _ = pending.pop(0)
                held = self._names.fresh("held")
                self._line(f"{held} = {bare(text)}")
                pending.append((name, held, {held}))
                continue
            for name, text, _ in ready:
                self._line(f"{name} = {bare(text)}")
            pending = [row for row in pending if row not in ready]

    def _branch(self, branch: Branch) -> None:
        self._line(f"if {bare(self._text(branch.condition))}:")
        names = [self._names.bind(result) for result in branch.results]
        arms = ((branch.then, branch.then_yields), (branch.otherwise, branch.otherwise_yields))
        for at, (block, yields) in enumerate(arms):
            if at == 1:
                if not block.statements and not yields:
                    break
                self._line("else:")
            self._indent += 1
            before = len(self._lines)
            self._place = ""
            self._block(block)
            for name, value in zip(names, yields, strict=True):
                self._line(f"{name} = {bare(self._text(value))}")
            self._fill(before)
            self._indent -= 1
        self._place = ""

    def _fill(self, before: int) -> None:
        """Give a block a statement when nothing but comments was written for it, from the line ``before`` on."""
        if all(line.lstrip().startswith("#") for line in self._lines[before:]):
            self._line("pass")


def _steps_down(loop: Loop) -> bool:
    """True for a loop that runs down and holds others, unless it may be unrolled (see ``unforeseen``)."""
    is_fixed = isinstance(loop.start, Const) and isinstance(loop.stop, Const)
    return loop.descending and not is_fixed and any(isinstance(s, Loop) for s in walk(loop.body))


def _words(text: str) -> set[str]:
    return set(re.findall(r"[A-Za-z_]\w*", text))
