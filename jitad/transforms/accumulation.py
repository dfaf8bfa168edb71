"""Whole Jacobians from local partial derivatives, where these need no loop.

Where derivatives flow through single operations, branches and loops with few turns only, all columns are known as soon
as each result's partial derivatives by the elements that it depends on are. They are found once, as numbers (see
``elimination``), and stored: there are no directions, and zeros cost nothing. A branch is eliminated by itself: it
yields the partial derivatives of its results by what its arms read.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from jitad.analysis.laned import Laned
from jitad.primitives import core, guarded
from jitad.primitives.sums import ADDITIONS
from jitad.program.builder import Builder, const_int
from jitad.program.queries import definitions, own_reads, walk
from jitad.program.rewrite import Copier, as_they_are
from jitad.program.statements import (
    Accumulate,
    Alloc,
    Block,
    Branch,
    Compute,
    Const,
    Load,
    Loop,
    Operand,
    Program,
    Statement,
    Store,
    Var,
    View,
    ViewAxis,
)
from jitad.program.types import Array, Scalar
from jitad.transforms.elements import Elements, NotAccumulable, Source, are_units
from jitad.transforms.elimination import Edge, Graph, Node, NotEliminable, Row, cost_of

TURNS = 64
"""Loops with a known number of turns are unrolled while they have so many together."""

REGISTER = 8
"""Numbers in a vector register, at most."""

VECTOR_COST = 2
"""What an operation on a register costs, in operations on numbers.

Found at once, Jacobians of 4 by 4 to 2 by 16 numbers took 0.2 to 0.8 times as long as by lanes where this says that
they cost less, and 1.2 to 1.3 times where it says that they cost 1.5 times as much."""


@dataclass(frozen=True)
class Output:
    """A number of the result at ``place``, and its partial derivatives."""

    place: int
    index: tuple[Operand, ...]
    row: dict[Source, Operand]


@dataclass(frozen=True)
class Accumulated:
    """What a tangent program computes, without directions.

    ``values`` are the results other than tangents; elements without an output have no derivatives. ``cost`` is
    that of the partial derivatives of outputs, in additions, and ``tangent_cost`` that of the tangents along one
    direction. The program reads the elements ``read`` whatever its branches do; others may not even exist.
    """

    values: list[Operand]
    outputs: list[Output]
    read: set[Source]
    cost: int
    tangent_cost: int

    def lanes_cost(self, width: int) -> int:
        """The work of lanes in all runs that these outputs take, with ``width`` columns in each, in additions."""
        columns = len({source for output in self.outputs for source in output.row})
        runs = -(-columns // width)
        each = VECTOR_COST * -(-width // REGISTER) if width > 1 else 1
        return runs * each * self.tangent_cost


def accumulate(made: Program, directions: Sequence[Var], count: int, builder: Builder) -> Accumulated:
    """Append to ``builder`` what a tangent program computes.

    Its last parameters are ``directions``, its last ``count`` results are tangents. Raises ``NotAccumulable``.
    """
    pass_ = _Accumulator(made, directions)
    tangents = made.results[len(made.results) - count :]
    try:
        pass_.block(made.body, builder)
        outputs = pass_.outputs(tangents, builder)
    except NotEliminable:
        raise NotAccumulable from None
    values = [pass_(result) for result in made.results[: len(made.results) - count]]
    return Accumulated(values, outputs, pass_.read, pass_.cost, pass_.tangent_cost)


class _Accumulator(Copier):
    """Copies what doesn't depend on directions, and makes a graph of what does."""

    def __init__(self, program: Program, directions: Sequence[Var]) -> None:
        super().__init__(as_they_are(program.params))
        self._laned = Laned(program, directions)
        self._nodes: dict[Var, Node | None] = {}
        self._elements = Elements(directions)
        self._turns = 0
        floats = {var.type.dtype for var in directions}
        if len(floats) != 1:
            raise NotAccumulable
        self._type = Scalar(floats.pop())
        self._graph = Graph(self._type, are_units)
        self._in_arm = False
        self.cost = 0
        self.tangent_cost = 0
        self.read: set[Source] = set()
        for direction in directions:
            if isinstance(direction.type, Scalar):
                self._nodes[direction] = Source(direction)
                self.read.add(Source(direction))

    def outputs(self, tangents: Sequence[Operand], builder: Builder) -> list[Output]:
        """The outputs that results, the tangents, stand for."""
        sinks: list[tuple[int, tuple[Operand, ...], Node | None]] = []
        for place, tangent in enumerate(tangents):
            if isinstance(tangent, Var) and isinstance(tangent.type, Array) and tangent in self._laned:
                sinks += [(place, index, node) for index, node in self._elements.of(tangent).items()]
            elif isinstance(tangent.type, Scalar):
                sinks.append((place, (), self._node(tangent)))
        rows = self._rows([node for _, _, node in sinks], builder)
        found = []
        for (place, index, _), row in zip(sinks, rows, strict=True):
            assert all(isinstance(source, Source) for source in row)
            found.append(Output(place, index, {s: edge.partial for s, edge in row.items() if isinstance(s, Source)}))
        return found

    def _rows(self, sinks: Sequence[Node | None], builder: Builder) -> list[Row]:
        before = len(builder.block.statements)
        rows = self._graph.rows(sinks, builder)
        self.cost += cost_of(builder.block.statements[before:])
        return rows

    # Names

    def _node(self, operand: Operand) -> Node | None:
        """What stands for a number that depends on directions; None for the literal zero."""
        if operand in self._laned:
            assert isinstance(operand, Var)
            return self._nodes[operand]
        if isinstance(operand, Const) and operand.value == 0:
            return None
        raise NotAccumulable

    def _edge(self, operand: Operand, *, guarded: bool = False, chosen: bool = False) -> Edge:
        """An edge whose partial derivative is a number of the program."""
        if operand in self._laned or operand.type != self._type:
            raise NotAccumulable
        is_finite = isinstance(operand, Const) and math.isfinite(operand.value)
        return Edge(self(operand), is_finite, guarded, chosen)

    def _one(self, value: float = 1.0) -> Edge:
        return Edge(Const(value, self._type), finite=True)

    # Statements

    def statement(self, statement: Statement, builder: Builder) -> None:
        """Copy a statement, or take it into the graph."""
        match statement:
            case Compute(out=out) if out in self._laned:
                self._compute(statement, builder)
            case Load(out=out, array=array, index=index) if array in self._laned:
                self._nodes[out] = self._read(array, self.all(index), builder)
            case Store(array=array, index=index, value=value) if array in self._laned:
                self._write(array, self.all(index), self._node(value), builder)
            case Accumulate(array=array, index=index, value=value) if array in self._laned:
                place, new = self.all(index), self._node(value)
                self._write(array, place, self._sum(self._read(array, place, builder), new, builder), builder)
            case Alloc(out=out, fill=fill) if out in self._laned and fill in (0, None) and not self._in_arm:
                self._elements.allocate(out)
            case View(out=out, base=base, starts=starts, axes=axes) if out in self._laned:
                seen = tuple(ViewAxis(self(axis.length), axis.base_axis, self(axis.step)) for axis in axes)
                self._elements.view(out, base, self.all(starts), seen)
            case Loop() if self._is_mixed(statement):
                self._loop_unrolled(statement, builder)
            case Branch() if self._is_mixed(statement):
                self._branch(statement, builder)
            case _ if self._is_mixed(statement):
                raise NotAccumulable
            case _:
                super().statement(statement, builder)

    def _is_mixed(self, statement: Statement) -> bool:
        """True when a statement, or one inside, has to do with directions."""
        return any(
            operand in self._laned
            for inner in walk(Block([statement]))
            for operand in (*definitions(inner), *own_reads(inner))
        )

    def _compute(self, statement: Compute, builder: Builder) -> None:
        primitive, args, out = statement.primitive, statement.args, statement.out
        self.tangent_cost += core.cost(statement)
        if out.type != self._type:
            raise NotAccumulable
        if primitive in ADDITIONS or primitive is core.sub:
            edges = [(args[0], self._one()), (args[1], self._one(-1.0 if primitive is core.sub else 1.0))]
        elif primitive is core.pos or primitive is core.neg:
            edges = [(args[0], self._one(-1.0 if primitive is core.neg else 1.0))]
        elif primitive is core.mul:
            dot, factor = args if args[0] in self._laned else args[::-1]
            edges = [(dot, self._edge(factor))]
        elif primitive is guarded.times:
            dot, factor = args if args[0] in self._laned else args[::-1]
            edges = [(dot, self._edge(factor, guarded=dot is args[0], chosen=dot is not args[0]))]
        elif primitive is core.truediv:
            inverse = builder.compute(core.truediv, Const(1.0, self._type), self._edge(args[1]).partial)
            edges = [(args[0], Edge(inverse, finite=False))]
        elif primitive is core.select:
            condition = self(args[0])
            one, zero = (Const(value, self._type) for value in (1.0, 0.0))
            partials = builder.select(condition, one, zero), builder.select(condition, zero, one)
            pairs = zip(args[1:], partials, strict=True)
            edges = [(arg, Edge(partial, finite=True, chosen=True)) for arg, partial in pairs]
        else:
            raise NotAccumulable
        self._add(out, [(self._node(arg), edge) for arg, edge in edges], builder)

    def _add(self, out: Var, edges: Iterable[tuple[Node | None, Edge]], builder: Builder) -> None:
        """Bind a number to a node of the graph."""
        row: Row = {}
        for node, edge in edges:
            if node is not None:
                other = row.get(node)
                row[node] = edge if other is None else other.beside(edge, builder.plus(other.partial, edge.partial))
        node = Var(out.name, out.type)  # another one in each turn of a loop
        self._nodes[out] = node if row else None
        if row:
            self._graph.add(node, row)

    # Memory

    def _read(self, array: Var, index: tuple[Operand, ...], builder: Builder) -> Node | None:
        node = self._elements.read(array, index, builder)
        if isinstance(node, Source):
            if not self._in_arm:
                self.read.add(node)
            elif not node.is_fixed:
                raise NotAccumulable
        return node

    def _write(self, array: Var, index: tuple[Operand, ...], node: Node | None, builder: Builder) -> None:
        if self._in_arm:
            raise NotAccumulable
        self._elements.write(array, index, node, builder)

    def _sum(self, one: Node | None, other: Node | None, builder: Builder) -> Node | None:
        total = Var("sum", self._type)
        self._add(total, [(one, self._one()), (other, self._one())], builder)
        return self._nodes[total]

    # Control flow

    def _bind(self, names: Sequence[Var], values: Sequence[Operand]) -> None:
        """Bind names to values, all at once."""
        pairs = list(zip(names, values, strict=True))
        if any(name in self._laned and isinstance(name.type, Array) for name in names):
            raise NotAccumulable
        nodes = {name: self._node(value) for name, value in pairs if name in self._laned}
        copies = {name: self(value) for name, value in pairs if name not in self._laned}
        self._nodes.update(nodes)
        self._copied.update(copies)

    def _loop_unrolled(self, loop: Loop, builder: Builder) -> None:
        """The turns of a loop one after the other."""
        bounds = [self(bound) for bound in (loop.start, loop.stop, loop.step) if bound is not None]
        numbers = [int(bound.value) for bound in bounds if isinstance(bound, Const)]
        if len(numbers) != 3 or len(range(*numbers)) > TURNS - self._turns:
            raise NotAccumulable
        turns = range(*numbers)
        self._turns += len(turns)
        self._bind(loop.params, loop.inits)
        for turn in turns[::-1] if loop.descending else turns:
            self._copied[loop.index] = const_int(turn)
            self.block(loop.body, builder)
            self._bind(loop.params, loop.yields)
        self._bind(loop.results, loop.params)

    def _branch(self, branch: Branch, builder: Builder) -> None:
        """A branch that yields partial derivatives of its results by what its arms read."""
        condition = self(branch.condition)
        if isinstance(condition, Const):
            self._taken(branch, bool(condition.value), builder)
            return
        moving = [at for at, result in enumerate(branch.results) if result in self._laned]
        still = [at for at in range(len(branch.results)) if at not in moving]
        if any(branch.results[at].type != self._type for at in moving):
            raise NotAccumulable
        arms, yields, rows = [], [], []
        for block, values in ((branch.then, branch.then_yields), (branch.otherwise, branch.otherwise_yields)):
            arm, found = self._arm(block, [values[at] for at in moving], builder)
            arms.append(arm.block)
            yields.append([self(values[at]) for at in still])
            rows.append(found)
        results = [self.fresh(branch.results[at]) for at in still]
        nothing = Edge(Const(0.0, self._type), finite=True, chosen=True)
        for at, then, otherwise in zip(moving, *rows, strict=True):
            edges: list[tuple[Node | None, Edge]] = []
            for node in dict.fromkeys((*then, *otherwise)):
                one, other = then.get(node, nothing), otherwise.get(node, nothing)
                partial = one.partial
                if one.partial != other.partial:
                    partial = Var("partial", self._type)
                    results.append(partial)
                    yields[0].append(one.partial)
                    yields[1].append(other.partial)
                edges.append((node, one.beside(other, partial)))
            self._add(branch.results[at], edges, builder)
        builder.add(Branch(condition, arms[0], yields[0], arms[1], yields[1], results))

    def _arm(self, block: Block, moving: Sequence[Operand], builder: Builder) -> tuple[Builder, list[Row]]:
        """An arm, and the rows of what it yields."""
        arm = builder.nested()
        outer, self._graph = self._graph, Graph(self._type, are_units)
        was_in_arm, self._in_arm = self._in_arm, True
        self.block(block, arm)
        rows = self._rows([self._node(value) for value in moving], arm)
        self._graph, self._in_arm = outer, was_in_arm
        return arm, rows

    def _taken(self, branch: Branch, holds: bool, builder: Builder) -> None:
        """The arm of a branch whose condition is known, in its place."""
        self.block(branch.then if holds else branch.otherwise, builder)
        self._bind(branch.results, branch.then_yields if holds else branch.otherwise_yields)
