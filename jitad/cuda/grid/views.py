"""Access the elements of views in the arrays that they are views of.

Then what is added through several views of an array is seen to be added to that array, and where.

Postcondition: no element is loaded, stored or added through a view. Views that are used otherwise stay.
"""

from __future__ import annotations

from collections.abc import Sequence

from jitad.program.builder import Builder, const_int, is_const
from jitad.program.rewrite import Copier, as_they_are
from jitad.program.statements import Accumulate, Load, Operand, Program, Statement, Store, Var, View
from jitad.program.types import Scalar
from jitad.transforms.deadcode import remove_dead_code


def see_through_views(program: Program) -> Program:
    """The same program with the accesses described above."""
    builder = Builder()
    copier = _Through(as_they_are(program.params))
    copier.block(program.body, builder)
    results = [copier(result) for result in program.results]
    return remove_dead_code(Program(program.name, program.params, builder.block, results, program.origin))


class _Through(Copier):
    def __init__(self, *args: object) -> None:
        super().__init__(*args)  # type: ignore[arg-type]
        self._views: dict[Var, View] = {}

    def statement(self, statement: Statement, builder: Builder) -> None:
        match statement:
            case View(out=out):
                super().statement(statement, builder)
                made = builder.block.statements[-1]
                assert isinstance(made, View) and made.out is self.array(out)
                self._views[made.out] = made
            case Load(out=out, array=array, index=index) if self.array(array) in self._views:
                assert isinstance(out.type, Scalar)
                self._copied[out] = builder.load(*self._place(array, index, builder), out.type.lanes)
            case Store(array=array, index=index, value=value) if self.array(array) in self._views:
                builder.store(*self._place(array, index, builder), self(value))
            case Accumulate(array=array, index=index, value=value) if self.array(array) in self._views:
                builder.accumulate(*self._place(array, index, builder), self(value))
            case _:
                super().statement(statement, builder)

    def _place(self, array: Var, index: Sequence[Operand], builder: Builder) -> tuple[Var, list[Operand]]:
        """The array that isn't a view, and the index there."""
        base, place = self.array(array), list(map(self, index))
        while base in self._views:
            view = self._views[base]
            base, place = view.base, _in_base(view, place, builder)
        return base, place


def _in_base(view: View, index: Sequence[Operand], builder: Builder) -> list[Operand]:
    found: list[Operand] = list(view.starts)
    for axis, operand in zip(view.axes, index, strict=True):
        if axis.base_axis is None:
            continue
        distance = operand if is_const(axis.step, 1) else builder.times(operand, axis.step)
        start = found[axis.base_axis]
        found[axis.base_axis] = distance if is_const(start, 0) else builder.plus(distance, start)
    return [const_int(int(o.value)) if not isinstance(o, Var) else o for o in found]
