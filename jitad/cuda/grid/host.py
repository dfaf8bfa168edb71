"""The Python that starts kernels: a program's statements in order, with a launch for each loop that is a kernel.

It is a function of a job (see ``job``) and of the program's parameters, arrays on the device, and returns the program's
results. Numbers live on the host. The tape is a list for each dtype, of numbers and of arrays on the device. A second
list for each dtype is the far end of the tape. Offsets on the tape are places in these lists.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jitad.cuda.grid.first import FirstSums
from jitad.cuda.grid.kernels import GridKernel
from jitad.emission.literals import literal
from jitad.emission.memory import tape_dtypes
from jitad.emission.source import Emitter
from jitad.program.statements import (
    Alloc,
    AtOffset,
    Const,
    Loop,
    OffsetOf,
    Operand,
    Program,
    Release,
    Statement,
    Var,
    array_type,
)
from jitad.program.types import Scalar


class HostEmitter(Emitter):
    """Writes the source; ``kernels`` are those of the loops that the host doesn't run.

    A loop whose ``first`` sums may be stores has two kernels, the second one with stores.
    """

    own_names = ("job",)

    def __init__(
        self, program: Program, zeros: Sequence[Var], kernels: dict[Loop, list[GridKernel]], first: FirstSums
    ) -> None:
        self._zeros = zeros
        self._kernels = kernels
        self._first = first
        super().__init__(program, tape_dtypes([program]), {}, measured=False)
        self._covered = True  # lists have no end

    def function(self) -> str:
        """The whole function."""
        params = ["job", *(self._names.bind(param) for param in self._program.params)]
        for dtype in self._tapes:
            self._line(f"tape_{dtype}, limit_{dtype} = [], []")
        for array in self._zeros:
            if array not in self._first.arrays:
                self._line(f"job.fill({self._names[array]}, 0)")
        self._block(self._program.body)
        self._line(f"return [{', '.join(map(self._text, self._program.results))}]")
        return f"def {self.entry}({', '.join(params)}):\n" + "\n".join(self._lines) + "\n"

    def _helper(self, name: str) -> str:
        return f"job.{name}"

    def _statement(self, statement: Statement) -> None:
        match statement:
            case Release(dtype=dtype, offset=offset, at_end=at_end):
                self._line(f"job.release({'limit' if at_end else 'tape'}_{dtype}, {self._text(offset)})")
            case AtOffset(out=out, offset=offset, shape=shape, strides=strides):
                place = f"{self._text(offset)}, {self._tuple(shape)}"
                how = f"found_with({place}, {self._tuple(strides)})" if strides else f"found({place})"
                self._line(f"{self._names.bind(out)} = job.{how}")
            case OffsetOf(out=out, array=array, strides=strides):
                name = self._text(array)
                self._line(f"{self._names.bind(out)} = job.place_of({name})")
                for axis, stride in enumerate(strides):
                    self._line(f"{self._names.bind(stride)} = job.stride_of({name}, {axis})")
            case _:
                super()._statement(statement)

    def _alloc(self, statement: Alloc) -> None:
        dtype = array_type(statement.out).dtype
        offset = self._names.bind(statement.offset)
        tape = f"{'limit' if statement.at_end else 'tape'}_{dtype}"
        given = f"{tape}, {dtype!r}, {self._tuple(statement.shape)}, at_end={statement.at_end}"
        self._line(f"{offset} = job.allocated({given})")
        self._line(f"{self._names.bind(statement.out)} = {offset}.array")
        if statement.fill is not None and statement.out not in self._first.arrays:
            fill = literal(Const(statement.fill, Scalar(dtype)), self._use)
            self._line(f"job.fill({self._names[statement.out]}, {fill})")

    def _push(self, values: tuple[Operand, ...]) -> None:
        for value in values:
            self._line(f"tape_{value.type.dtype}.append({self._text(value)})")

    def _pop(self, outs: tuple[Any, ...]) -> None:
        for out in reversed(outs):
            self._line(f"{self._names.bind(out)} = tape_{out.type.dtype}.pop()")

    def _loop(self, loop: Loop) -> None:
        if loop not in self._kernels:
            super()._loop(loop)
            return
        self._mark(loop)
        kernel, *storing = self._kernels[loop]
        trips = [self._trips(one) for one in kernel.grid.loops]
        given = [self._text(var) for var in kernel.thread.given]
        private = [self._text(array) for array in kernel.grid.private]
        inits = [self._text(init) for init in loop.inits]
        name = self._use(self._names.fresh(kernel.code.entry), kernel, kernel)
        if storing:
            other = self._use(self._names.fresh(f"{kernel.code.entry}_storing"), storing[0], storing[0])
            zeros = [self._text(sum_.array) for sum_ in self._first.by_loop[loop]]
            name = f"job.first({name}, {other}, {_listed(trips)}, {_listed(zeros)})"
        call = f"job.run({', '.join([name, *map(_listed, (trips, given, private, inits))])})"
        results = [self._names.bind(result) for result in loop.results]
        self._line(f"[{', '.join(results)}] = {call}" if results else call)
        self._place = ""


def _listed(texts: list[str]) -> str:
    return f"[{', '.join(texts)}]"
