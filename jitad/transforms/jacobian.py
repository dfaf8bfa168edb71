"""Whole Jacobians: one program that sweeps over all columns (forward mode) or rows (reverse mode) in groups.

The program runs the primal once, for its values and the shapes of its results, and then a tangent or an adjoint of it
in a loop. Each turn of the loop fills ``width`` lanes of the directions (or seeds) with unit vectors, and stores
``width`` columns (or rows). The columns of all inputs are numbered through, and so are the rows of all results: a
group may span several. See Griewank and Walther, *Evaluating Derivatives* (2008), section 3.2 (vector modes).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from jitad.primitives import core
from jitad.program.builder import Builder, const_int
from jitad.program.rewrite import inline
from jitad.program.statements import Branch, Const, Operand, Program, Var, counted_loop
from jitad.program.types import FLOAT64, INT64, Array, Scalar
from jitad.transforms.adjoint import Adjoint, adjoint
from jitad.transforms.deadarrays import remove_dead_arrays
from jitad.transforms.expand import expand
from jitad.transforms.give_back import give_back
from jitad.transforms.localize import for_shape, localize
from jitad.transforms.sweep import Run, Shape, Sweep, allocate, extent, make_sweep
from jitad.transforms.tangent import tangent


def forward_jacobian(
    program: Program,
    wrt: Sequence[int],
    width: int = 1,
    *,
    dependents: Sequence[int] | None = None,
    values: bool = True,
) -> Program:
    """The program that computes Jacobians column by column, ``width`` columns in each run of the tangent.

    Its parameters are those of ``program``. Its results are the results of ``program`` (with ``values``), then for each
    result at ``dependents`` (all floating-point ones by default) and each parameter at ``wrt`` the Jacobian block: a
    C-contiguous array of the result's dtype whose shape is the result's followed by the parameter's, or a number when
    both are numbers.
    Raises ``MissingRuleError`` when a derivative would flow through a function without a rule, and ``NotLaneable`` for
    a ``width`` above 1 when lanes would decide control flow or indices.
    """
    chosen = _chosen(program, dependents)
    made = tangent(_reduced(program, chosen), wrt).program
    made = replace(made, results=made.results[len(chosen) :])
    sweep = make_sweep(made, len(program.params), len(wrt), None, width)
    driver = _Driver(program, sweep)
    inputs, results = driver.inputs(wrt), driver.results(chosen)
    blocks = driver.fill(inputs, results, by_rows=False)
    return driver.finish(blocks, values=values)


def reverse_jacobian(
    program: Program,
    wrt: Sequence[int],
    width: int = 1,
    *,
    dependents: Sequence[int] | None = None,
    values: bool = True,
) -> Program:
    """The same as ``forward_jacobian``, computed row by row, ``width`` rows in each run of the adjoint."""
    chosen = _chosen(program, dependents)
    made = row_adjoint(program, wrt, chosen).program
    made = replace(made, results=made.results[len(chosen) :])
    sweep = make_sweep(made, len(program.params), len(chosen), wrt, width)
    driver = _Driver(program, sweep)
    inputs, results = driver.inputs(wrt), driver.results(chosen)
    blocks = driver.fill(results, inputs, by_rows=True)
    return driver.finish(blocks, values=values)


def hessian_program(
    program: Program, wrt: Sequence[int], width: int = 1, *, dependent: int = 0, values: bool = True
) -> Program:
    """The program of the Hessian of the scalar result at ``dependent``, ``width`` columns in each run.

    It is the Jacobian of the gradient: a run is the adjoint of the tangent. The results are as for
    ``forward_jacobian``, with one block for each pair of parameters at ``wrt``.
    """
    made = column_adjoint(program, wrt, dependent).program
    made = replace(made, results=made.results[1:])
    sweep = make_sweep(made, len(program.params), len(wrt), wrt, width)
    driver = _Driver(program, sweep)
    inputs = driver.inputs(wrt)
    blocks = driver.fill(inputs, inputs, by_rows=False)
    return driver.finish(blocks, values=values)


def row_adjoint(program: Program, wrt: Sequence[int], dependents: Sequence[int]) -> Adjoint:
    """What a sweep of ``reverse_jacobian`` runs: the adjoint, given the cotangents of the results at ``dependents``."""
    return adjoint(_reduced(program, dependents), wrt, seeded=True)


def column_adjoint(program: Program, wrt: Sequence[int], dependent: int) -> Adjoint:
    """What a sweep of ``hessian_program`` runs: the adjoint of the tangent of the result at ``dependent``."""
    made = tangent(_reduced(program, [dependent]), wrt).program
    return adjoint(replace(made, results=made.results[1:]), wrt, dependents=[0])


def count_program(program: Program, dependents: Sequence[int]) -> Program:
    """The program whose one result is the number of elements of the results at ``dependents`` together."""
    builder, params = Builder(), [Var(param.name, param.type) for param in program.params]
    count = _outputs(program, dependents, params, builder)
    return remove_dead_arrays(Program(f"{program.name}_count", params, builder.block, [count], program.origin))


def either_jacobian(
    program: Program,
    wrt: Sequence[int],
    dependents: Sequence[int],
    forward: Program,
    reverse: Program,
    crossing: float,
) -> Program:
    """The program that runs ``forward`` where there are at most ``crossing`` inputs per output, else ``reverse``."""
    builder, params = Builder(), [Var(param.name, param.type) for param in program.params]
    outputs = _outputs(program, dependents, params, builder)
    inputs = _total(builder, [_leaf(builder, params[at]) for at in wrt])
    limit = builder.times(Const(float(crossing), FLOAT64), builder.cast(outputs, FLOAT64))
    condition = builder.compute(core.le, builder.cast(inputs, FLOAT64), limit)
    if isinstance(condition, Const):
        return forward if condition.value else reverse
    arms, yields = [], []
    for made in (forward, reverse):
        arms.append(builder.nested())
        yields.append(inline(made, dict(zip(made.params, params, strict=True)), arms[-1]))
    results = [Var("result", operand.type) for operand in yields[0]]
    builder.add(Branch(condition, arms[0].block, yields[0], arms[1].block, yields[1], results))
    whole = Program(f"{program.name}_jacobian", params, builder.block, list(results), program.origin)
    return remove_dead_arrays(whole)


def _outputs(program: Program, dependents: Sequence[int], params: Sequence[Var], builder: Builder) -> Operand:
    """The number of elements of results, computed by a run of the program."""
    primal = expand(give_back(localize(program)))
    values = inline(primal, dict(zip(primal.params, params, strict=True)), builder)
    return _total(builder, [_leaf(builder, values[at]) for at in dependents])


def _total(builder: Builder, leaves: Sequence[_Leaf]) -> Operand:
    total: Operand = const_int(0)
    for leaf in leaves:
        total = builder.plus(total, extent(builder, leaf.shape))
    return total


def _chosen(program: Program, dependents: Sequence[int] | None) -> list[int]:
    floating = [at for at, result in enumerate(program.results) if result.type.is_float]
    return floating if dependents is None else list(dependents)


def _reduced(program: Program, dependents: Sequence[int]) -> Program:
    return replace(program, results=[program.results[at] for at in dependents])


@dataclass(frozen=True)
class _Leaf:
    """A number or an array that a Jacobian is of, or by."""

    type: Scalar | Array
    shape: Shape


def _leaf(builder: Builder, operand: Operand) -> _Leaf:
    if isinstance(operand, Var) and isinstance(operand.type, Array):
        return _Leaf(operand.type, [builder.dim(operand, axis) for axis in range(operand.type.ndim)])
    return _Leaf(operand.type, ())


class _Driver:
    """Writes the program around a sweep."""

    def __init__(self, program: Program, sweep: Sweep) -> None:
        self._program = program
        self._sweep = sweep
        self._builder = Builder()
        self._params = sweep.program.params[: len(program.params)]
        primal = expand(give_back(localize(program)))
        self._values = inline(primal, dict(zip(primal.params, self._params, strict=True)), self._builder)

    def inputs(self, wrt: Sequence[int]) -> list[_Leaf]:
        """The parameters at these positions."""
        return [_leaf(self._builder, self._params[at]) for at in wrt]

    def results(self, dependents: Sequence[int]) -> list[_Leaf]:
        """The results at these positions."""
        return [_leaf(self._builder, self._values[at]) for at in dependents]

    def fill(self, sources: Sequence[_Leaf], outputs: Sequence[_Leaf], *, by_rows: bool) -> list[Operand]:
        """The loop over groups; the blocks that it fills, for each result and within that for each parameter.

        The sources are results in a sweep by rows, and parameters in a sweep by columns; the outputs are the others.
        """
        builder, sweep = self._builder, self._sweep
        of, by = (sources, outputs) if by_rows else (outputs, sources)
        blocks = [
            [builder.alloc("jacobian", row.type.dtype, [*row.shape, *column.shape]) for column in by] for row in of
        ]
        shapes = [source.shape for source in sources]
        memory = allocate(sweep, builder, shapes)
        total = _total(builder, sources)
        first, inside = Var("first", INT64), builder.nested()
        run = Run(sweep, inside, memory, shapes, first)
        cleared = [output.shape for output in outputs if not _is_number(output)] if sweep.cleared else []
        run.begin(cleared)
        for i, row in enumerate(of):
            for j, column in enumerate(by):
                if by_rows:
                    flat = inside.reshape(blocks[i][j], [extent(inside, row.shape), *column.shape])
                    self._take_rows(run, inside, i, flat, sweep.outputs[j], column)
                else:
                    flat = inside.reshape(blocks[i][j], [*row.shape, extent(inside, column.shape)])
                    self._take_columns(run, inside, j, flat, sweep.outputs[i], row)
        run.finish()
        builder.add(counted_loop(first, (const_int(0), total, const_int(sweep.width)), inside.block))
        return [
            builder.load(block, ()) if _is_number(row) and _is_number(column) else block
            for row, line in zip(of, blocks, strict=True)
            for column, block in zip(by, line, strict=True)
        ]

    def _take_rows(self, run: Run, builder: Builder, source: int, block: Var, output: Operand, leaf: _Leaf) -> None:
        """Store a group's rows: one after the other."""

        def row(inner: Builder, number: Operand, lane: list[Operand]) -> None:
            def element(innermost: Builder, index: list[Operand]) -> None:
                innermost.store(block, [number, *index], _element(innermost, output, index, lane))

            for_shape(inner, leaf.shape, element)

        run.each(source, builder, row)

    def _take_columns(self, run: Run, builder: Builder, source: int, block: Var, output: Operand, leaf: _Leaf) -> None:
        """Store a group's columns: in every row the elements that are neighbours."""

        def element(inner: Builder, index: list[Operand]) -> None:
            def column(innermost: Builder, number: Operand, lane: list[Operand]) -> None:
                innermost.store(block, [*index, number], _element(innermost, output, index, lane))

            run.each(source, inner, column)

        for_shape(builder, leaf.shape, element)

    def finish(self, blocks: list[Operand], *, values: bool) -> Program:
        """The whole program."""
        results = [*(self._values if values else []), *blocks]
        name = f"{self._program.name}_jacobian"
        whole = Program(name, self._params, self._builder.block, results, self._program.origin)
        return remove_dead_arrays(whole)


def _is_number(leaf: _Leaf) -> bool:
    return isinstance(leaf.type, Scalar)


def _element(builder: Builder, output: Operand, index: list[Operand], lane: list[Operand]) -> Operand:
    """A number of an output; one that no source reaches has no lanes, and is the same in all of them."""
    if not isinstance(output, Var) or not isinstance(output.type, Array):
        return output
    return builder.load(output, [*index, *lane] if output.type.ndim > len(index) else index)
