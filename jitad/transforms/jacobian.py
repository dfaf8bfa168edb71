"""Whole Jacobians: one program that sweeps over all columns (forward mode) or rows (reverse mode) in groups.

The program runs the primal once, for its values and the shapes of its results, and then a tangent or an adjoint of it
in a loop. Each turn of the loop fills ``width`` lanes of the directions (or seeds) with unit vectors, and stores
``width`` columns (or rows). The columns of all inputs are numbered through, and so are the rows of all results: a
group may span several. See Griewank and Walther, *Evaluating Derivatives* (2008), section 3.2 (vector modes).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from jitad.analysis.plan import AUTO
from jitad.analysis.randomness import generators
from jitad.primitives import core
from jitad.program.builder import Builder, const_int
from jitad.program.rewrite import inline
from jitad.program.statements import Branch, Const, Operand, Program, Var, array_type, counted_loop
from jitad.program.types import FLOAT64, INT64, Array
from jitad.transforms.adjoint import Adjoint, adjoint
from jitad.transforms.bundles import Side, block_index, sides, taken_apart
from jitad.transforms.deadarrays import remove_dead_arrays
from jitad.transforms.expand import expand
from jitad.transforms.generator_states import keep, put
from jitad.transforms.give_back import give_back
from jitad.transforms.localize import for_shape, localize
from jitad.transforms.share import is_long
from jitad.transforms.sweep import Run, Shape, Sweep, allocate, extent, make_sweep
from jitad.transforms.tangent import tangent


def forward_jacobian(
    program: Program,
    wrt: Sequence[int],
    width: int = 1,
    *,
    dependents: Sequence[int] | None = None,
    values: bool = True,
    in_bundles: bool = False,
) -> Program:
    """The program that computes Jacobians column by column, ``width`` columns in each run of the tangent.

    Its parameters are those of ``program``. Its results are the results of ``program`` (with ``values``), then for each
    result at ``dependents`` (all floating-point ones by default) and each parameter at ``wrt`` the Jacobian block: a
    C-contiguous array of the result's dtype whose shape is the result's followed by the parameter's, or a number when
    both are numbers. ``in_bundles`` gives the blocks of bundles (see ``bundles``) as they are, without taking their
    parts out.
    Raises ``MissingRuleError`` when a derivative would flow through a function without a rule, and ``NotLaneable`` for
    a ``width`` above 1 when lanes would decide control flow or indices.
    """
    chosen = _chosen(program, dependents)
    made = tangent(_reduced(program, chosen), wrt).program
    made = replace(made, results=made.results[len(chosen) :])
    sweep = make_sweep(made, len(program.params), len(wrt), None, width)
    driver = _Driver(program, sweep)
    driver.fill(driver.results(chosen), driver.inputs(wrt), by_rows=False)
    return driver.finish(values=values, in_bundles=in_bundles)


def reverse_jacobian(
    program: Program,
    wrt: Sequence[int],
    width: int = 1,
    *,
    dependents: Sequence[int] | None = None,
    values: bool = True,
    in_bundles: bool = False,
    storage: str = AUTO,
) -> Program:
    """The same as ``forward_jacobian``, computed row by row, ``width`` rows in each run of the adjoint."""
    chosen = _chosen(program, dependents)
    made = row_adjoint(program, wrt, chosen, storage).program
    made = replace(made, results=made.results[len(chosen) :])
    sweep = make_sweep(made, len(program.params), len(chosen), wrt, width)
    driver = _Driver(program, sweep)
    driver.fill(driver.results(chosen), driver.inputs(wrt), by_rows=True)
    return driver.finish(values=values, in_bundles=in_bundles)


def hessian_program(
    program: Program,
    wrt: Sequence[int],
    width: int = 1,
    *,
    dependent: int = 0,
    values: bool = True,
    in_bundles: bool = False,
    storage: str = AUTO,
) -> Program:
    """The program of the Hessian of the scalar result at ``dependent``, ``width`` columns in each run.

    It is the Jacobian of the gradient: a run is the adjoint of the tangent. The results are as for
    ``forward_jacobian``, with one block for each pair of parameters at ``wrt``.
    """
    made = column_adjoint(program, wrt, dependent, storage).program
    made = replace(made, results=made.results[1:])
    sweep = make_sweep(made, len(program.params), len(wrt), wrt, width)
    driver = _Driver(program, sweep)
    driver.fill(driver.inputs(wrt), driver.inputs(wrt), by_rows=False)
    return driver.finish(values=values, in_bundles=in_bundles)


def row_adjoint(program: Program, wrt: Sequence[int], dependents: Sequence[int], storage: str = AUTO) -> Adjoint:
    """What a sweep of ``reverse_jacobian`` runs: the adjoint, given the cotangents of the results at ``dependents``."""
    return adjoint(_reduced(program, dependents), wrt, seeded=True, storage=storage)


def column_adjoint(program: Program, wrt: Sequence[int], dependent: int, storage: str = AUTO) -> Adjoint:
    """What a sweep of ``hessian_program`` runs: the adjoint of the tangent of the result at ``dependent``."""
    made = tangent(_reduced(program, [dependent]), wrt).program
    return adjoint(replace(made, results=made.results[1:]), wrt, dependents=[0], storage=storage)


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
    states = keep(builder, generators(program.body))
    outputs = _outputs(program, dependents, params, builder)
    put(builder, states)
    inputs = _total(builder, [params[at] for at in wrt])
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
    primal = _primal(program)
    values = inline(primal, dict(zip(primal.params, params, strict=True)), builder)
    return _total(builder, [values[at] for at in dependents])


def _primal(program: Program) -> Program:
    """The program to be run for its values; calls of programs are written out, unless that makes it long."""
    primal = give_back(localize(program))
    return primal if is_long(primal) else expand(primal)


def _total(builder: Builder, operands: Sequence[Operand]) -> Operand:
    total: Operand = const_int(0)
    for operand in operands:
        total = builder.plus(total, extent(builder, _shape(builder, operand)))
    return total


def _shape(builder: Builder, operand: Operand) -> Shape:
    if isinstance(operand, Var) and isinstance(operand.type, Array):
        return [builder.dim(operand, axis) for axis in range(operand.type.ndim)]
    return ()


def _chosen(program: Program, dependents: Sequence[int] | None) -> list[int]:
    floating = [at for at, result in enumerate(program.results) if result.type.is_float]
    return floating if dependents is None else list(dependents)


def _reduced(program: Program, dependents: Sequence[int]) -> Program:
    return replace(program, results=[program.results[at] for at in dependents])


_Output = Callable[[Builder, list[Operand]], Operand]
"""Reads a number of an output for a lane."""


class _Driver:
    """Writes the program around a sweep."""

    def __init__(self, program: Program, sweep: Sweep) -> None:
        self._program = program
        self._sweep = sweep
        self._builder = Builder()
        self._params = sweep.program.params[: len(program.params)]
        self._states = keep(self._builder, generators(program.body))
        primal = _primal(program)
        self._values = inline(primal, dict(zip(primal.params, self._params, strict=True)), self._builder)
        self._blocks: list[tuple[Var, Side, Side]] = []

    def inputs(self, wrt: Sequence[int]) -> list[Side]:
        """The parameters at these positions."""
        return self._sides([self._params[at] for at in wrt])

    def results(self, dependents: Sequence[int]) -> list[Side]:
        """The results at these positions."""
        return self._sides([self._values[at] for at in dependents])

    def _sides(self, operands: Sequence[Operand]) -> list[Side]:
        return sides([o.type for o in operands], [_shape(self._builder, o) for o in operands])

    def fill(self, of: Sequence[Side], by: Sequence[Side], *, by_rows: bool) -> None:
        """The loop over groups, and the blocks that it fills.

        The sources are ``of`` in a sweep by rows, and ``by`` in a sweep by columns; the outputs are the others.
        """
        builder, sweep = self._builder, self._sweep
        sources, outputs = (of, by) if by_rows else (by, of)
        for row in of:
            for column in by:
                shape = block_index(row.bundle, column.bundle, row.shape, column.shape)
                self._blocks.append((builder.alloc("jacobian", row.bundle.dtype, shape), row, column))
        memory = allocate(sweep, builder, sources)
        total: Operand = const_int(0)
        for source in sources:
            total = builder.plus(total, extent(builder, source.shape))
        is_one_run = isinstance(total, Const) and 0 < total.value <= sweep.width
        first: Operand = const_int(0) if is_one_run else Var("first", INT64)
        inside = builder if is_one_run else builder.nested()
        put(inside, self._states)
        run = Run(sweep, inside, memory, sources, first)
        run.begin([output.shape for output in outputs if output.bundle.is_array] if sweep.cleared else [])
        for block, row, column in self._blocks:
            if by_rows:
                self._take_rows(run, inside, block, (row, column), sources.index(row))
            else:
                self._take_columns(run, inside, block, (row, column), sources.index(column))
        run.finish(again=not is_one_run)
        if isinstance(first, Var):
            builder.add(counted_loop(first, (const_int(0), total, const_int(sweep.width)), inside.block))

    def _take_rows(self, run: Run, builder: Builder, block: Var, pair: tuple[Side, Side], source: int) -> None:
        """Store a group's rows, one after the other."""
        of, by = pair
        flat = _reshaped(builder, block, block_index(of.bundle, by.bundle, [extent(builder, of.shape)], by.shape))

        def row(inner: Builder, number: Operand, lane: list[Operand]) -> None:
            def element(innermost: Builder, index: list[Operand], output: _Output) -> None:
                place = block_index(of.bundle, by.bundle, [number], index)
                innermost.store(flat, place, output(innermost, lane))

            self._each_output(inner, by, element)

        run.each(source, builder, row)

    def _take_columns(self, run: Run, builder: Builder, block: Var, pair: tuple[Side, Side], source: int) -> None:
        """Store a group's columns: in every row the elements that are neighbours."""
        of, by = pair
        flat = _reshaped(builder, block, block_index(of.bundle, by.bundle, of.shape, [extent(builder, by.shape)]))

        def element(inner: Builder, index: list[Operand], output: _Output) -> None:
            def column(innermost: Builder, number: Operand, lane: list[Operand]) -> None:
                place = block_index(of.bundle, by.bundle, index, [number])
                innermost.store(flat, place, output(innermost, lane))

            run.each(source, inner, column)

        self._each_output(builder, of, element)

    def _each_output(
        self, builder: Builder, side: Side, element: Callable[[Builder, list[Operand], _Output], None]
    ) -> None:
        """What ``element(builder, index, output)`` writes for every number of a bundle of outputs."""
        outputs = [self._sweep.outputs[member] for member in side.bundle.members]
        if side.bundle.is_array:
            for_shape(
                builder, side.shape, lambda inner, index: element(inner, index, partial(_element, outputs[0], index))
            )
        else:
            for place, output in enumerate(outputs):
                element(builder, [const_int(place)], partial(_element, output, []))

    def finish(self, *, values: bool, in_bundles: bool) -> Program:
        """The whole program."""
        blocks = self._blocks
        results: list[Operand] = [block for block, _, _ in blocks] if in_bundles else taken_apart(self._builder, blocks)
        whole = Program(
            f"{self._program.name}_jacobian",
            self._params,
            self._builder.block,
            [*(self._values if values else []), *results],
            self._program.origin,
        )
        return remove_dead_arrays(whole)


def _reshaped(builder: Builder, block: Var, shape: Shape) -> Var:
    return block if len(shape) == array_type(block).ndim else builder.reshape(block, shape)


def _element(output: Operand, index: list[Operand], builder: Builder, lane: list[Operand]) -> Operand:
    """A number of an output; one that no source reaches has no lanes, and is the same in all of them."""
    if not isinstance(output, Var) or not isinstance(output.type, Array):
        return output
    return builder.load(output, [*index, *lane] if output.type.ndim > len(index) else index)
