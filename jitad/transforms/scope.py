"""One block of the reverse sweep while it is being built: where its primal values and adjoints are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from jitad.analysis.plan import Plan
from jitad.primitives.core import cost
from jitad.program.builder import Builder, const_int, is_const
from jitad.program.queries import definitions, walk
from jitad.program.rewrite import Copier
from jitad.program.statements import (
    Alloc,
    AtOffset,
    Block,
    Compute,
    Const,
    Draw,
    OffsetOf,
    Operand,
    Pop,
    Push,
    Release,
    Statement,
    Var,
    array_type,
)
from jitad.program.types import INT64, Array, Scalar
from jitad.transforms.flowing import Flowing
from jitad.transforms.product import add_term

LEAST_SHARED_COST = 2
"""What costs more additions isn't computed twice. Of what costs less the form is worth more: a product with a selection
or a sign is simpler than one with its value, and stays zero where the selection is."""


class Scope:
    """The reversal of one primal block.

    ``values`` maps primal names to what stands for them here; ``kept`` are the values of a branch's arm that the
    forward sweep passes on, each with its name outside; ``adjoints`` maps active scalars to the sum of the
    contributions so far; ``flowing`` tells where adjoints, ``carried`` by a loop around the block or not, aren't zero;
    of those that are ``sure`` it is known. ``taken`` are the arrays that any block of the reverse sweep has taken
    memory for.
    """

    def __init__(
        self,
        block: Block,
        plan: Plan,
        parent: Scope | None,
        params: Sequence[Var] = (),
        *,
        carried: Sequence[Var] = (),
        sure: Iterable[Operand] = (),
    ) -> None:
        self.parent = parent
        self.builder: Builder = Builder() if parent is None else parent.builder.nested()
        self.flowing: Flowing = Flowing(self.builder, None if parent is None else parent.flowing, carried, sure)
        self.values: dict[Var, Operand] = {}
        self.adjoints: dict[Var, Operand] = {}
        self._statements = {var: statement for statement in block for var in definitions(statement)}
        self._bound = {*params, *self._statements}
        self._records = plan.records.get(block, [])
        self._kept = plan.kept.get(block, [])
        self.kept: list[tuple[Var, Var]] = []
        self._plan = plan
        self.scratch: list[Statement] = []
        self.taken: list[Var] = [] if parent is None else parent.taken
        self._ends: dict[str, Var] = {}
        self._recorded: list[Compute] = []
        self._computes = [s for s in block if isinstance(s, Compute) and cost(s) > LEAST_SHARED_COST]
        if parent is None:
            for statement in self._computes:
                self.builder.know(statement.primitive, statement.args, statement.out)

    # Primal values

    def value(self, operand: Operand) -> Operand:
        """The primal value of an operand, recomputed here or in the enclosing block if need be."""
        if isinstance(operand, Const):
            return operand
        if operand in self.values:
            return self.values[operand]
        if self.parent is None:
            assert operand in self._bound, f"{operand} isn't bound at the top level"
            return operand
        if operand not in self._bound:
            return self.parent.value(operand)
        if operand in self._plan.stored:
            store = self._plan.stored[operand]
            self.values[operand] = self.builder.load(self.array(store.array), self.all(store.index))
        else:
            assert operand in self._statements, f"{operand} is carried, and isn't recorded"
            self._recompute(self._statements[operand])
        return self.values[operand]

    def array(self, var: Var) -> Var:
        """The array that stands for a primal array here."""
        value = self.value(var)
        assert isinstance(value, Var)
        return value

    def all(self, operands: tuple[Operand, ...]) -> tuple[Operand, ...]:
        return tuple(self.value(operand) for operand in operands)

    def _recompute(self, statement: Statement) -> None:
        if statement in self._plan.scratch or statement in self._plan.late:
            self._allocate(statement)
            return
        if isinstance(statement, Alloc):  # it is still on the tape: only its place is needed
            shape = self.all(statement.shape)
            array = Var(statement.out.name, statement.out.type)
            self.builder.add(AtOffset(array, self.value(statement.offset), shape, statement.out))
            self.builder.know_shape(array, shape)
            self.values[statement.out] = array
            return
        assert not isinstance(statement, Draw), f"{statement.out} is drawn once, and isn't recorded"
        copier = Copier(self.value)
        with self.builder.at(statement.origin):
            copier.statement(statement, self.builder)
        for var in definitions(statement):
            self.values[var] = copier(var)
            self._know_uses(var)

    def _know_uses(self, var: Var) -> None:
        """See to it that what was recorded of a value's uses isn't computed again, now that the value is there."""
        for statement in self._recorded:
            if var in statement.args:
                self._know(statement)

    def _know(self, statement: Compute) -> None:
        args = [self._present(arg) for arg in statement.args]
        out = self.values[statement.out]
        assert isinstance(out, Var)
        if None not in args:
            self.builder.know(statement.primitive, [arg for arg in args if arg is not None], out)

    def _present(self, operand: Operand) -> Operand | None:
        """The primal value of an operand, if it is there without being recomputed."""
        if isinstance(operand, Const):
            return operand
        if operand in self.values or self.parent is None:
            return self.values.get(operand, operand)
        return None if operand in self._statements else self.parent._present(operand)

    def _allocate(self, statement: Statement) -> None:
        """Memory for an array that has none in the forward sweep, or has given it back; it starts as zeros.

        Where that is shadows alone, it is taken from the far end of the tape: what the forward sweep has recorded
        is on top of the tape.
        """
        assert isinstance(statement, Alloc)
        type_ = array_type(statement.out)
        array, shape = Var(statement.out.name, type_), self.all(statement.shape)
        at_end = statement in self._plan.late
        if at_end and type_.dtype not in self._ends:
            self._ends[type_.dtype] = Var(f"{type_.dtype}_end", INT64)
            mark = Var("mark", Array(type_.dtype, 1))
            self.builder.add(Alloc(mark, self._ends[type_.dtype], (const_int(0),), None, at_end=True))
        taken = Alloc(array, Var(statement.offset.name, INT64), shape, 0, at_end)
        self.builder.add(taken)
        self.taken.append(array)
        if not at_end:
            self.scratch.append(taken)
        self.builder.know_shape(array, shape)
        self.values[statement.out] = array

    def given_back(self) -> list[Release]:
        """What gives back the memory that was taken here."""
        return [*releases(self.scratch), *(Release(dtype, end, at_end=True) for dtype, end in self._ends.items())]

    # Records

    def record(self, forward: Block) -> None:
        """Append to the forward sweep's block what the plan records, and take it back here."""
        for var in self._kept:
            self.values[var] = self._keep(var)
        self._take_back(forward)
        self._recorded = [statement for statement in self._computes if statement.out in self.values]
        for statement in self._recorded:
            self._know(statement)

    def _take_back(self, forward: Block) -> None:
        if not self._records:
            return
        saved: list[Operand] = []
        popped: list[Var] = []
        rebuilt: list[tuple[Var, Var, list[Var]]] = []
        for var in self._records:
            parts = [var] if isinstance(var.type, Scalar) else _array_parts(var, forward)
            taken = [Var(part.name, part.type) for part in parts]
            saved += parts
            popped += taken
            if isinstance(var.type, Scalar):
                self.values[var] = taken[0]
            else:
                rebuilt.append((var, taken[0], taken[1:]))
        forward.statements.append(Push(tuple(saved)))
        self.builder.add(Pop(tuple(popped)))
        for var, offset, parts in rebuilt:
            array, ndim = Var(var.name, var.type), array_type(var).ndim
            shape = parts[:ndim]
            self.builder.add(AtOffset(array, offset, tuple(shape), var, tuple(parts[ndim:])))
            self.builder.know_shape(array, shape)
            self.values[var] = array

    def _keep(self, var: Var) -> Var:
        """Pass a value of the forward sweep's block on to the outermost block; its name there."""
        assert self.parent is not None
        outside = Var(var.name, var.type)
        self.kept.append((var, outside))
        return outside if self.parent.parent is None else self.parent._keep(outside)

    # Adjoints of scalars

    def take(self, var: Operand) -> Operand | None:
        """The adjoint of a value whose definition is being reversed; None when it is zero."""
        return self.adjoints.pop(var, None) if isinstance(var, Var) else None

    def add(self, var: Operand, term: Operand | None) -> None:
        """Add a contribution to an adjoint (None is zero)."""
        if term is None or not isinstance(var, Var) or is_zero(term):
            return
        assert isinstance(var.type, Scalar)
        term = self.builder.cast(term, var.type)
        so_far = self.adjoints.get(var)
        if so_far is None or is_zero(so_far):
            self.adjoints[var] = term
            return
        self.adjoints[var] = add_term(self.builder, term if self._made_alike(so_far, term) else so_far, term)

    def _made_alike(self, value: Operand, term: Operand) -> bool:
        """True when a value of the forward sweep is computed as a term is: the two factors of ``0.5 * x * x``."""
        first = self._statements.get(value) if isinstance(value, Var) and self.parent is None else None
        second = self.builder.made_by(term)
        if not isinstance(first, Compute) or second is None:
            return False
        return first.primitive is second.primitive and tuple(map(self.value, first.args)) == second.args


def _array_parts(var: Var, forward: Block) -> list[Var]:
    """What finds an array that a loop carries again: offset, shape and (unless it is contiguous) strides."""
    builder = Builder(forward)
    type_ = array_type(var)
    offset = Var(f"{var.name}_at", INT64)
    strides = [] if type_.layout == "C" else [Var(f"{var.name}_stride", INT64) for _ in range(type_.ndim)]
    builder.add(OffsetOf(offset, var, tuple(strides)))
    shape = [builder.dim(var, axis) for axis in range(type_.ndim)]
    return [offset, *(length for length in shape if isinstance(length, Var)), *strides]


def releases(statements: Iterable[Statement]) -> list[Release]:
    """What gives back all that these statements, in order, took from the tapes for arrays and still hold.

    A mark of where records begin holds nothing: they are popped, or given back from it unread.
    """
    block = Block(list(statements))
    marks = {s.offset for s in walk(block) if isinstance(s, Release) and s.unread}
    held: dict[str, list[Operand]] = {}
    for statement in block:
        if isinstance(statement, Alloc) and not statement.at_end and statement.offset not in marks:
            held.setdefault(array_type(statement.out).dtype, []).append(statement.offset)
        elif isinstance(statement, Release) and not statement.at_end:
            offsets = held.get(statement.dtype, [])
            del offsets[offsets.index(statement.offset) if statement.offset in offsets else 0 :]
    return [Release(dtype, offsets[0]) for dtype, offsets in held.items() if offsets]


def is_zero(operand: Operand) -> bool:
    return is_const(operand, 0)


def zero(var: Var) -> Const:
    """The zero of a scalar's type."""
    assert isinstance(var.type, Scalar) and not isinstance(var.type, Array)
    return Const(0.0, var.type)
