"""Products of sparse partial derivatives, by eliminating the values in between one after the other.

A value that depends linearly on others is a node, with an edge from each of them that holds a partial derivative. To
eliminate a node, multiply each edge into it with each edge out of it, until all edges lead from sources to
sinks. The order decides the number of products: forward and reverse mode are two orders of many. See Griewank and
Walther, *Evaluating Derivatives* (2008), chapters 9 and 10 (Jacobian accumulation; Markowitz's rule).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from jitad.primitives import core, guarded
from jitad.primitives.spec import ScalarPrimitive
from jitad.program.builder import Builder, is_const
from jitad.program.statements import Compute, Const, Operand, Statement
from jitad.program.types import Scalar
from jitad.transforms.product import add_term, negation

Node = object
"""A value, whatever stands for it; a node without edges into it is a source."""

LARGEST = 400
"""Graphs of more nodes aren't eliminated: the order is found by looking at every node for each one."""

MOST = 2_000
"""Nor are those that take so many additions."""


class NotEliminable(Exception):
    """A product is guarded by a sum of several sources, and can't be known for each of them."""


@dataclass(frozen=True)
class Edge:
    """A partial derivative; it may be known that it is ``finite``.

    ``guarded``: where what comes in is zero, zero goes out, even if the partial isn't finite. ``chosen``: the partial
    is zero where a selection or a branch leaves out what comes in; zero goes out then, even if that isn't finite.
    """

    partial: Operand
    finite: bool
    guarded: bool = False
    chosen: bool = False

    def beside(self, other: Edge, partial: Operand) -> Edge:
        """An edge in the place of this and another one."""
        return Edge(
            partial,
            self.finite and other.finite,
            self.guarded or other.guarded,
            self.chosen or other.chosen,
        )


Row = dict[Node, Edge]
"""A value's partial derivatives by others."""


class Graph:
    """Nodes, each with the row of its edges, in the order in which they were computed.

    ``are_units`` tells of sources that no two of them are nonzero at the same time (in the same lane).
    """

    def __init__(self, type_: Scalar, are_units: Callable[[Collection[Node]], bool]) -> None:
        self._one = Edge(Const(1.0, type_), finite=True)
        self._into: dict[Node, Row] = {}
        self._are_units = are_units

    def add(self, node: Node, row: Row) -> None:
        """A node that depends on others. Raises ``NotEliminable`` where the graph becomes too large."""
        if len(self._into) == LARGEST:
            raise NotEliminable
        self._into[node] = row

    def rows(self, sinks: Sequence[Node | None], builder: Builder) -> list[Row]:
        """The partial derivatives of ``sinks`` by sources, computed in ``builder`` in the order that costs least.

        None stands for the literal zero.

        Raises ``NotEliminable`` where they can't be known, or cost too much.
        """
        wanted: list[Row] = [{} if sink is None else {sink: self._one} for sink in sinks]
        best: _Elimination | None = None
        for order in (_fewest_products_last, _fewest_products_first, _last, _first):
            attempt = _Elimination(self._into, wanted, builder.nested(), self._are_units)
            if attempt.run(order, MOST if best is None else best.cost):
                best = attempt
        if best is None:
            raise NotEliminable
        builder.absorb(best.builder)
        return best.found


_Order = Callable[[int, int], tuple[int, int]]
"""A node's rank, from its place and the number of products that it takes; the lowest is eliminated next."""


def _fewest_products_last(place: int, products: int) -> tuple[int, int]:
    return products, -place


def _fewest_products_first(place: int, products: int) -> tuple[int, int]:
    return products, place


def _last(place: int, products: int) -> tuple[int, int]:
    """Reverse mode."""
    return -place, 0


def _first(place: int, products: int) -> tuple[int, int]:
    """Forward mode."""
    return place, 0


class _Elimination:
    """One elimination of a graph, down to ``found``: the rows of the sinks."""

    def __init__(
        self,
        into: Mapping[Node, Row],
        sinks: Sequence[Row],
        builder: Builder,
        are_units: Callable[[Collection[Node]], bool],
    ) -> None:
        self.builder = builder
        self._are_units = are_units
        self.found = [dict(row) for row in sinks]
        reached = _reached(into, sinks)
        self._left = {node: place for place, node in enumerate(into) if node in reached}
        self._into: dict[Node, Row] = {node: dict(into[node]) for node in self._left}
        self._into.update((_Sink(at), row) for at, row in enumerate(self.found))
        self._out_of: dict[Node, dict[Node, None]] = {node: {} for node in reached}
        for node, row in self._into.items():
            for source in row:
                self._out_of[source][node] = None

    @property
    def cost(self) -> int:
        """The work of the products and sums, in additions."""
        return cost_of(self.builder.block.statements)

    def run(self, order: _Order, most: int) -> bool:
        """Eliminate every node that isn't a source; False where that costs ``most`` or more, or can't be done."""
        while self._left and self.cost < most:
            ready = [node for node in self._left if self._is_ready(node)]
            if not ready:
                return False
            self._eliminate(min(ready, key=lambda node: order(self._left[node], self._products(node))))
        return self.cost < most

    def _products(self, node: Node) -> int:
        return len(self._into[node]) * len(self._out_of[node])

    def _is_ready(self, node: Node) -> bool:
        """False while a product is guarded by a sum: of units, each is nonzero alone."""
        row = self._into[node]
        if len(row) < 2 or not any(self._into[reader][node].guarded for reader in self._out_of[node]):
            return True
        return not any(source in self._left for source in row) and self._are_units(row)

    def _eliminate(self, node: Node) -> None:
        del self._left[node]
        row = self._into.pop(node)
        for source in row:
            del self._out_of[source][node]
        for reader in self._out_of.pop(node):
            target = self._into[reader]
            after = target.pop(node)
            for source, before in row.items():
                edge = self._through(before, after)
                if edge is not None:
                    target[source] = self._sum(target.get(source), edge)
                    self._out_of[source][reader] = None

    def _through(self, before: Edge, after: Edge) -> Edge | None:
        """Two edges in a row; None for the literal zero."""
        first, second = before.partial, after.partial
        wins = after.chosen and not before.finite
        if wins and not after.guarded:
            found = _product(self.builder, second, first, guarded.times)
        else:
            found = _product(self.builder, first, second, guarded.times if after.guarded else core.mul)
            if wins and found is not None:
                found = _zero_wins(self.builder, second, found)
        return None if found is None else before.beside(after, found)

    def _sum(self, one: Edge | None, other: Edge) -> Edge:
        return other if one is None else one.beside(other, add_term(self.builder, one.partial, other.partial))


@dataclass(frozen=True)
class _Sink:
    """Where a value is wanted."""

    at: int


def cost_of(statements: Iterable[Statement]) -> int:
    """The work of the scalar operations among statements, in additions."""
    return sum(core.cost(statement) for statement in statements if isinstance(statement, Compute))


def _reached(into: Mapping[Node, Row], sinks: Sequence[Row]) -> set[Node]:
    """What the sinks depend on."""
    found: set[Node] = set()
    left = [node for row in sinks for node in row]
    while left:
        node = left.pop()
        if node not in found:
            found.add(node)
            left += into.get(node, ())
    return found


def _product(builder: Builder, first: Operand, second: Operand, times: ScalarPrimitive) -> Operand | None:
    """The product of two partial derivatives, signs in front; None for the literal zero."""
    for one, other in ((first, second), (second, first)):
        if is_const(one, 0):
            return None
        if is_const(one, 1):
            return other
        if is_const(one, -1):
            return builder.negative(other)
        inner = negation(builder, one)
        if inner is not None:
            both = (inner, other) if one is first else (other, inner)
            found = _product(builder, *both, times)
            return None if found is None else builder.negative(found)
    return builder.compute(core.mul if isinstance(first, Const) else times, first, second)


def _zero_wins(builder: Builder, factor: Operand, value: Operand) -> Operand:
    """0 where a factor is 0, whatever its product is."""
    assert isinstance(value.type, Scalar)
    nothing = Const(0.0, value.type)
    return builder.select(builder.compute(core.ne, factor, nothing), value, nothing)
