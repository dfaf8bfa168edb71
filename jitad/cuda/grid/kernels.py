"""CUDA kernels of loops: each thread runs its share, and the sums of threads are added up by block.

A kernel is a function of what its thread program takes from outside, the tapes of threads (2-d, a column for each), an
array for each number that the loop carries (an element for each block), and two integers in which threads that fail
leave why. The threads of a block are a power of two, so that its sum is one of halves.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import numpy as np

from jitad.analysis.aliasing import Aliases
from jitad.cuda.build import build_function, function_names
from jitad.cuda.emit import DeviceEmitter, emit_part
from jitad.cuda.grid.plan import Grid
from jitad.cuda.grid.threads import ThreadProgram, thread_program
from jitad.cuda.target import BLOCK, cuda, device_jit, is_simulated
from jitad.emission.naming import Names
from jitad.emission.parts import is_sum, put_together
from jitad.program.origin import Origin
from jitad.program.statements import Accumulate, Operand, Statement, Var, array_type
from jitad.program.types import Array

MOST_FAILURES = 1 << 10
"""More different failures than a kernel has: what threads leave is this, times the iteration, plus which one it is."""

MOST_BLOCKS = 1 << 12
"""Blocks that keep a device busy; more iterations are further turns of their threads."""

MOST_TAPES = 1 << 16
"""Threads with tapes of their own."""


class _ThreadEmitter(DeviceEmitter):
    """Writes the source of a thread program."""

    def __init__(self, atomic: frozenset[Accumulate], position: Operand, *args: Any) -> None:
        self._atomic = atomic
        self._position = position
        super().__init__(*args)

    def _statement(self, statement: Statement) -> None:
        if not isinstance(statement, Accumulate) or statement not in self._atomic:
            super()._statement(statement)
            return
        self._mark(statement)
        array, ndim = self._text(statement.array), array_type(statement.array).ndim
        index = self._tuple(statement.index)
        if ndim < 2:
            index = self._text(statement.index[0]) if ndim else "0"
        if not ndim:
            array = f"{self._helper('reshaped')}({array}, (1,))"
        self._line(f"{self._use('add_atomically', *_additions())}({array}, {index}, {self._text(statement.value)})")

    def _failure(self, exception: type[BaseException], args: tuple[Any, ...]) -> None:
        self.failures.append((exception, args))
        code = f"-{len(self.failures)} - {MOST_FAILURES} * {self._text(self._position)}"
        self._line(f"    return ({', '.join([code, *self._no_results()])},)")


@cache
def _additions() -> tuple[Any, Any]:
    """What adds to an element at once, on a device and in the simulator."""
    return None if is_simulated() else device_jit(_add), _add_simulated


def _add(array: Any, index: Any, value: Any) -> None:
    cuda.atomic.add(array, index, value)


def _add_simulated(array: Any, index: Any, value: Any) -> None:
    from numba.cuda.simulator.kernelapi import addlock

    with addlock:
        array[index] += value


@dataclass(frozen=True)
class Shape:
    """How a kernel is launched: blocks and threads of a block, along x, y and z."""

    blocks: tuple[int, int, int]
    block: tuple[int, int, int]

    @property
    def block_count(self) -> int:
        return math.prod(self.blocks)

    @property
    def thread_count(self) -> int:
        return math.prod(self.blocks) * math.prod(self.block)


class GridKernel:
    """The kernel of one loop."""

    def __init__(self, name: str, grid: Grid, exact: set[Var], aliases: Aliases) -> None:
        self.grid = grid
        self.thread: ThreadProgram = thread_program(name, grid)
        self.origin: Origin | None = grid.loops[0].origin
        emitter = partial(_ThreadEmitter, grid.atomic, self.thread.position)
        self.code = emit_part(self.thread.program, emitter, exact, aliases)
        self.may_fail = bool(self.code.failures or self.code.tapes)
        self.dtypes = [param.type.dtype for param in grid.loops[0].params]
        sweep = build_function(self.code.source, self.code.entry, function_names(self.code), kernel=False)
        source = _Source(self)
        names: dict[str, Any] = {"sweep": sweep, "cuda": cuda, **source.dtypes}
        self.joins: list[Callable[[Any, Any], Any]] = []
        for at, text in enumerate(self._joins()):
            names[f"join_{at}"] = build_function(text, "join", function_names(self.code), kernel=False)
            self.joins.append(_on_host(text, self.code.plain_names))
        self.params = source.params
        self.function = build_function(source.text, "kernel", names, kernel=True)

    def _joins(self) -> list[str]:
        """The source of the functions that put two parts of each carried number together."""
        loop = self.grid.loops[0]
        texts = [put_together(loop, at, "total", "part") for at in range(len(loop.params))]
        return [f"def join(total, part):\n    return {text}\n" for text in texts]

    def is_sum(self, at: int) -> bool:
        """True when the number that the loop carries at a position is a sum."""
        return is_sum(self.grid.loops[0], at)

    def shape(self, trips: Sequence[int], most: int) -> Shape:
        """The launch for so many iterations of each loop (outermost first), on at most about so many threads."""
        block, blocks = [1, 1, 1], [1, 1, 1]
        left = min(BLOCK, 1 << (most.bit_length() - 1))
        room = max(most // left, 1)
        for axis, count in enumerate(reversed(trips)):
            block[axis] = min(left, 1 << (count - 1).bit_length(), 64 if axis == 2 else BLOCK)
            left //= block[axis]
            blocks[axis] = max(min(-(-count // block[axis]), room), 1)
            room = max(room // blocks[axis], 1)
        return Shape((blocks[0], blocks[1], blocks[2]), (block[0], block[1], block[2]))


class _Source:
    """Writes the source of one kernel."""

    def __init__(self, kernel: GridKernel) -> None:
        thread = kernel.thread
        depth = len(thread.axes)
        self.dtypes = {np.dtype(dtype).type.__name__: np.dtype(dtype).type for dtype in kernel.dtypes}
        own = ["sweep", "cuda", "kernel", "number", "found", "lane", "block", "width", "half"]
        own += [f"{kind}_{at}" for at in range(len(kernel.dtypes)) for kind in ("join", "held")]
        names = Names({*self.dtypes, *own, *(f"{kind}_{axis}" for kind in ("at", "of") for axis in "xyz")})
        outside = [*thread.given, *thread.copies]
        given = [names.bind(var) for var in outside]
        phase = [names.fresh("phase")] if kernel.grid.reach else []
        tapes = [names.fresh(f"tape_{dtype}") for dtype in kernel.code.tapes]
        parts = [names.fresh("parts") for _ in kernel.dtypes]
        failed = [names.fresh("failed")] if kernel.may_fail else []
        self.params = [*given, *phase, *tapes, *parts, *failed]
        at, of = [f"at_{axis}" for axis in "xyz"[:depth]], [f"of_{axis}" for axis in "xyz"[:depth]]
        lines = [f"{', '.join(at)} = cuda.grid({depth})", f"{', '.join(of)} = cuda.gridsize({depth})"]
        number = "at_x"
        for axis, before in (("y", "of_x"), ("z", "of_x * of_y"))[: depth - 1]:
            number += f" + at_{axis} * {before}"
        lines.append(f"number = {number}")
        pairs = [f"{a}, {o}" for a, o in zip(reversed(at), reversed(of), strict=True)]
        if phase:
            wide = kernel.grid.reach + 1
            pairs = [f"{phase[0]} + at_x * {wide}, of_x * {wide}"]
        arguments = [*given, *pairs, *(["number"] if thread.copies else []), *(f"{tape}[:, number]" for tape in tapes)]
        lines.append(f"found = sweep({', '.join(arguments)})")
        if failed:
            lines += ["if found[0] > 0:", f"    cuda.atomic.max({failed[0]}, 0, found[0])"]
            lines += ["if found[0] < 0:", f"    cuda.atomic.max({failed[0]}, 1, found[0])"]
        if parts:
            lines += self._sums(kernel.dtypes, parts)
        self.text = f"def kernel({', '.join(self.params)}):\n" + "".join(f"    {line}\n" for line in lines)

    def _sums(self, dtypes: Sequence[str], parts: Sequence[str]) -> list[str]:
        """Put together, by halves, what the threads of a block have found."""
        lines = [
            "lane = cuda.threadIdx.x + cuda.blockDim.x * (cuda.threadIdx.y + cuda.blockDim.y * cuda.threadIdx.z)",
            "block = cuda.blockIdx.x + cuda.gridDim.x * (cuda.blockIdx.y + cuda.gridDim.y * cuda.blockIdx.z)",
            "width = cuda.blockDim.x * cuda.blockDim.y * cuda.blockDim.z",
        ]
        for at, dtype in enumerate(dtypes):
            lines.append(f"held_{at} = cuda.shared.array({BLOCK}, {np.dtype(dtype).type.__name__})")
            lines.append(f"held_{at}[lane] = found[{at + 1}]")
        lines += ["cuda.syncthreads()", "half = width // 2", "while half > 0:", "    if lane < half:"]
        for at in range(len(dtypes)):
            lines.append(f"        held_{at}[lane] = join_{at}(held_{at}[lane], held_{at}[lane + half])")
        lines += ["    cuda.syncthreads()", "    half //= 2", "if lane == 0:"]
        return [*lines, *(f"    {part}[block] = held_{at}[0]" for at, part in enumerate(parts))]


def _on_host(source: str, names: dict[str, Any]) -> Callable[[Any, Any], Any]:
    """The function ``join`` of a source, in Python."""
    namespace = dict(names)
    exec(source, namespace)
    join: Callable[[Any, Any], Any] = namespace["join"]
    return join


def array_types(kernel: GridKernel) -> list[Any]:
    """The types of a kernel's parameters: scalars and arrays of programs."""
    thread = kernel.thread
    outside = [*thread.given, *thread.copies]
    found: list[Any] = [var.type for var in outside]
    if kernel.grid.reach:
        found.append(thread.number.type)
    found += [Array(dtype, 2) for dtype in kernel.code.tapes]
    found += [Array(dtype, 1) for dtype in kernel.dtypes]
    return found + ([Array("int64", 1)] if kernel.may_fail else [])
