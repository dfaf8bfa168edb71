"""Whole Jacobians from local partial derivatives, where these need no loop.

Where derivatives flow through single operations and branches only, all columns are known as soon as each result's
partial derivatives by the elements that it depends on are. They are found once, as numbers (see ``elimination``), and
stored: there are no directions, and zeros cost nothing. A branch is eliminated by itself: it yields the partial
derivatives of its results by what its arms read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from jitad.analysis.finite import finite_values
from jitad.analysis.guards import tests_numbers
from jitad.analysis.laned import Laned
from jitad.primitives import core, guarded
from jitad.primitives.sums import ADDITIONS
from jitad.program.builder import Builder
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
    Operand,
    Program,
    Statement,
    Store,
    Var,
)
from jitad.program.types import Array, Scalar
from jitad.transforms.elimination import Edge, Graph, Node, NotEliminable, Row, cost_of

REGISTER = 8
"""Numbers in a vector register, at most: so many lanes of an operation take the time of one."""


@dataclass(frozen=True)
class Source:
    """An element of a direction, or a direction that is a number."""

    direction: Var
    index: tuple[Operand, ...] = ()

    @property
    def is_fixed(self) -> bool:
        """True when it is the same element in every run."""
        return all(isinstance(at, Const) for at in self.index)


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
    that of the partial derivatives of outputs, in additions.
    """

    values: list[Operand]
    outputs: list[Output]
    cost: int


class NotAccumulable(Exception):
    """Derivatives flow through more than single operations and branches."""


def accumulate(made: Program, primal: Program, directions: Sequence[Var], count: int, builder: Builder) -> Accumulated:
    """Append to ``builder`` what the tangent program ``made`` of ``primal`` computes.

    Its first parameters are those of ``primal``, its last ones are ``directions``; its last ``count`` results are
    tangents. Raises ``NotAccumulable``.
    """
    pass_ = _Accumulator(made, directions, set() if tests_numbers(primal) else finite_values(made))
    tangents = made.results[len(made.results) - count :]
    try:
        pass_.block(made.body, builder)
        outputs = pass_.outputs(tangents, builder)
    except NotEliminable:
        raise NotAccumulable from None
    values = [pass_(result) for result in made.results[: len(made.results) - count]]
    return Accumulated(values, outputs, pass_.cost)


def lanes_cost(program: Program, directions: Sequence[Var], width: int, sources: int) -> int:
    """The work of lanes in all runs that so many columns take, ``width`` in each, in additions."""
    laned = Laned(program, directions)
    runs = -(-sources // width)
    registers = -(-width // REGISTER)
    return runs * registers * cost_of(s for s in walk(program.body) if isinstance(s, Compute) and s.out in laned)


class _Accumulator(Copier):
    """Copies what doesn't depend on directions, and makes a graph of what does.

    ``finite`` are the values that are known to be so.
    """

    def __init__(self, program: Program, directions: Sequence[Var], finite: set[Operand]) -> None:
        super().__init__(as_they_are(program.params))
        self._laned = Laned(program, directions)
        self._finite = finite
        self._nodes: dict[Var, Node | None] = {}
        self._elements: dict[Var, dict[tuple[Operand, ...], Node | None]] = {}
        floats = {var.type.dtype for var in directions}
        if len(floats) != 1:
            raise NotAccumulable
        self._type = Scalar(floats.pop())
        self._graph = Graph(self._type, _are_units)
        self._in_arm = False
        self.cost = 0
        self._directions = frozenset(directions)
        for direction in directions:
            if isinstance(direction.type, Scalar):
                self._nodes[direction] = Source(direction)

    def outputs(self, tangents: Sequence[Operand], builder: Builder) -> list[Output]:
        """The outputs that results, the tangents, stand for."""
        sinks: list[tuple[int, tuple[Operand, ...], Node | None]] = []
        for place, tangent in enumerate(tangents):
            if isinstance(tangent, Var) and isinstance(tangent.type, Array) and tangent in self._laned:
                sinks += [(place, index, node) for index, node in self._memory(tangent).items()]
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

    def _memory(self, array: Var) -> dict[tuple[Operand, ...], Node | None]:
        """The elements of an array of the program's own, those that aren't zero at least."""
        if array not in self._elements:
            raise NotAccumulable
        return self._elements[array]

    def _edge(self, operand: Operand, *, guarded: bool = False, chosen: bool = False) -> Edge:
        """An edge whose partial derivative is a number of the program."""
        if operand in self._laned or operand.type != self._type:
            raise NotAccumulable
        is_finite = isinstance(operand, Const) or operand in self._finite
        return Edge(self(operand), is_finite, guarded, chosen)

    def _one(self, value: float = 1.0) -> Edge:
        return Edge(Const(value, self._type), finite=True)

    # Statements

    def statement(self, statement: Statement, builder: Builder) -> None:
        """Copy a statement, or take it into the graph."""
        match statement:
            case Compute(out=out) if out in self._laned:
                self._compute(statement, builder)
            case Load(out=out, array=array, index=index) if array in self._directions:
                self._nodes[out] = self._source(array, self.all(index))
            case Load(out=out, array=array, index=index) if array in self._laned:
                self._nodes[out] = self._memory(array).get(self._place(index))
            case Store(array=array, index=index, value=value) if array in self._laned:
                self._put(array, index, self._node(value))
            case Accumulate(array=array, index=index, value=value) if array in self._laned:
                old, new = self._memory(array).get(self._place(index)), self._node(value)
                self._put(array, index, self._sum(old, new, builder))
            case Alloc(out=out, fill=fill) if out in self._laned and fill in (0, None):
                if self._in_arm:
                    raise NotAccumulable
                self._elements[out] = {}
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
        self._nodes[out] = out if row else None
        if row:
            self._graph.add(out, row)

    def _source(self, direction: Var, index: tuple[Operand, ...]) -> Source:
        source = Source(direction, index)
        if self._in_arm and not source.is_fixed:
            raise NotAccumulable
        return source

    # Memory

    def _place(self, index: Sequence[Operand]) -> tuple[Operand, ...]:
        if not all(isinstance(at, Const) for at in index):
            raise NotAccumulable
        return tuple(index)

    def _put(self, array: Var, index: Sequence[Operand], node: Node | None) -> None:
        if self._in_arm:
            raise NotAccumulable
        self._memory(array)[self._place(index)] = node

    def _sum(self, one: Node | None, other: Node | None, builder: Builder) -> Node | None:
        total = Var("sum", self._type)
        self._add(total, [(one, self._one()), (other, self._one())], builder)
        return self._nodes[total]

    # Branches

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
        outer, self._graph = self._graph, Graph(self._type, _are_units)
        was_in_arm, self._in_arm = self._in_arm, True
        self.block(block, arm)
        rows = self._rows([self._node(value) for value in moving], arm)
        self._graph, self._in_arm = outer, was_in_arm
        return arm, rows

    def _taken(self, branch: Branch, holds: bool, builder: Builder) -> None:
        """The arm of a branch whose condition is known, in its place."""
        self.block(branch.then if holds else branch.otherwise, builder)
        for result, value in zip(branch.results, branch.then_yields if holds else branch.otherwise_yields, strict=True):
            if result in self._laned:
                self._nodes[result] = self._node(value)
            else:
                self._copied[result] = self(value)


def _are_units(nodes: Collection[Node]) -> bool:
    """True for elements of directions of which no two can be the same."""
    sources = [node for node in nodes if isinstance(node, Source)]
    moving = Counter(source.direction for source in sources if not source.is_fixed)
    alone = Counter(source.direction for source in sources)
    return len(sources) == len(nodes) and all(alone[direction] == 1 for direction in moving)
