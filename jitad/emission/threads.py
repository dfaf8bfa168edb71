"""The text of loops that run on threads: functions of their own, which the function of the program calls.

The iterations of such a loop are cut into chunks. How many there are depends on the work alone, and what they add up
is added in their order, so results are the same whichever number of threads runs them. Three functions are written
for a loop: ``..._share`` runs the chunks of one thread, ``..._threads`` runs the threads (Numba's ``prange`` over
nothing but calls of the former, so that Numba has nothing else to rearrange), and ``..._loop`` cuts, runs and adds up.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from jitad.emission.literals import literal
from jitad.emission.memory import dtypes_of
from jitad.emission.overflow import pushes_per_iteration
from jitad.emission.parts import is_sum, put_together
from jitad.emission.source import Emitter
from jitad.emission.work import work_of
from jitad.emission.writer import bare
from jitad.program.queries import free_variables, walk
from jitad.program.statements import Alloc, Const, Fail, Loop, Operand, Program, Var, array_type
from jitad.program.threads import Threads
from jitad.program.types import Scalar

LEAST_WORK = 1 << 15
"""Additions that a chunk takes at least: threads are started in the time of some ten thousand."""

MOST_CHUNKS = 256

COPY_SHARE = 16
"""Copies of arrays for the chunks may have one element for so many additions."""


LIBRARY = ("prange", "thread_count", "empty", "zeros")


@dataclass
class _Sharing:
    """A loop on threads while its functions are written."""

    loop: Loop
    threads: Threads
    trips: str
    start: str
    step: str
    tapes: tuple[str, ...]
    copies: dict[Var, str]
    failures: list[Fail] = field(default_factory=list)
    may_overflow: bool = False


class ThreadedEmitter(Emitter):
    """Writes the source of one program, with functions for its loops on threads before it."""

    own_names = (*("chunk", "chunks", "worker", "workers", "phase", "first_chunk", "failed"), *LIBRARY)

    def __init__(
        self,
        program: Program,
        tapes: tuple[str, ...],
        functions: Mapping[Program, str],
        measured: bool,
        local: Collection[Alloc],
    ) -> None:
        super().__init__(program, tapes, functions, measured, local)
        self._sources: list[str] = []
        self.loop_functions: list[str] = []
        self._sharing: _Sharing | None = None
        self.on_threads: list[str] = []

    def function(self) -> str:
        """The whole function, after those of its loops on threads."""
        whole = super().function()
        return "\n\n".join([*self._sources, whole])

    def _loop(self, loop: Loop) -> None:
        if loop.threads is None or self._sharing is not None or self._measured:
            super()._loop(loop)
        else:
            self._shared_loop(loop, loop.threads)

    def _shared_loop(self, loop: Loop, threads: Threads) -> None:
        trips = self._trips(loop)
        start, step = self._named(loop.start), self._named(loop.step)
        amounts = pushes_per_iteration(loop) if loop.rows else None
        if amounts and not self._covered:
            for dtype, amount in amounts.items():
                self._check(dtype, trips if amount == 1 else f"{amount} * {trips}")
        rows = self._open_rows(loop, trips) if loop.rows else None
        copies = {array: self._names.fresh(f"{array.name}_copies") for array in threads.private}
        sharing = _Sharing(loop, threads, trips, start, step, self._dtypes_in(loop), copies)
        inits = [self._text(init) for init in loop.inits]
        work = work_of(loop, self._text)
        self._rows, saved = rows, self._rows
        name, given, can_fail = _LoopWriter(self, sharing, work).write()
        self._rows = saved
        results = [self._names.bind(result) for result in loop.results]
        status = self._names.fresh("status") if can_fail else ""
        targets = ", ".join([*([status] if status else []), *results])
        call = f"{name}({', '.join([*given, *map(bare, inits)])})"
        self._line(f"{targets}{',' if targets.count(',') == 0 else ''} = {call}" if targets else call)
        if status:
            self._line(f"if {status} != 0:")
            self._line(f"    return ({', '.join([status, *self._no_results()])},)")
        if rows is not None:
            for dtype, amount in rows.pushed.items():
                self._line(f"top_{dtype} += {amount} * {trips}")
        self._place = ""

    def _dtypes_in(self, loop: Loop) -> tuple[str, ...]:
        """The dtypes of the tapes that a loop uses."""
        found = dtypes_of(s for s in walk(loop.body) if s not in self._local)
        return tuple(dtype for dtype in found if dtype in self._tapes)

    def _named(self, operand: Operand | None) -> str:
        """A literal, or the name of a number; what was to be written out where it is read gets a name."""
        assert operand is not None
        text = self._text(operand)
        if isinstance(operand, Const) or text.isidentifier():
            return text
        name = self._names.fresh(operand.name)
        self._line(f"{name} = {bare(text)}")
        self._texts[operand] = (name, 0)
        return name

    def _check(self, dtype: str, amount: str) -> None:
        if self._sharing is None:
            super()._check(dtype, amount)
            return
        self._sharing.may_overflow = True
        self._line(f"if top_{dtype} + {amount} > limit_{dtype}:")
        self._line(f"    failed[chunk] = {-1 - self._tapes.index(dtype)}")
        self._line("    return")

    def _fail(self, fail: Fail) -> None:
        if self._sharing is None:
            super()._fail(fail)
            return
        if isinstance(fail.condition, Const) and not fail.condition.value:
            return
        self._sharing.failures.append(fail)
        self._line(f"if {bare(self._text(fail.condition))}:")
        self._line(f"    failed[chunk] = {len(self._sharing.failures)}")
        self._line("    return")


class _LoopWriter:
    """Writes the functions of one loop through the emitter of the program that it is in."""

    def __init__(self, emitter: ThreadedEmitter, sharing: _Sharing, work: str) -> None:
        self._emitter = emitter
        self._sharing = sharing
        self._loop = sharing.loop
        self._work = work
        self._held: dict[Var, str] = {}

    def write(self) -> tuple[str, list[str], bool]:
        """The name of the function to call, what it is given before the carried sums, and if it returns a status."""
        e, sharing = self._emitter, self._sharing
        base = e.entry.removesuffix("_adjoint")
        self._share, self._threads, name = (e._names.fresh(f"{base}_{kind}") for kind in ("share", "threads", "loop"))
        e.loop_functions += [self._share, self._threads, name]
        self._inits = [e._names.fresh(f"{param.name}_first") for param in self._loop.params]
        self._parts = [e._names.fresh(f"{param.name}_parts") for param in self._loop.params]
        self._outside = self._free()
        share = self._captured(self._write_share)
        self._takes_failures = bool(sharing.failures) or sharing.may_overflow
        head = [*self._control(), *self._given(copied=True), *self._inits, *self._outcomes()]
        e._sources.append(_function(self._share, head, share))
        e._sources.append(self._write_threads(head))
        e.on_threads.append(self._threads)
        given = self._given(copied=False)
        loop = self._captured(lambda: self._write_loop(head))
        parameters = [self._work_name, *given, *self._inits]
        e._sources.append(_function(name, parameters, loop))
        return name, [self._work, *given], sharing.may_overflow

    # Parameters

    def _control(self) -> list[str]:
        return ["worker", "workers", "chunks", *(["phase"] if self._sharing.threads.reach else [])]

    def _free(self) -> list[Var]:
        inside = {self._loop.index, *self._loop.params}
        return [v for v in free_variables(self._loop.body, self._loop.yields) if v not in inside]

    def _given(self, *, copied: bool) -> list[str]:
        """What the functions are given: names from outside, without those that are literals."""
        e, sharing = self._emitter, self._sharing
        names = [n for n in (sharing.trips, sharing.start, sharing.step) if n.isidentifier()]
        names += [sharing.copies.get(v, e._names[v]) if copied else e._names[v] for v in self._outside]
        for dtype in sharing.tapes:
            names += [f"tape_{dtype}", f"top_{dtype}", *([f"limit_{dtype}"] if self._loop.apart else [])]
        return list(dict.fromkeys(names))

    def _outcomes(self) -> list[str]:
        return [*(["failed"] if self._takes_failures else []), *self._parts]

    # The functions

    def _captured(self, write: Callable[[], None]) -> list[str]:
        """The lines that ``write`` writes, as the body of a function."""
        e = self._emitter
        saved = e._lines, e._indent, e._place, e._covered
        e._lines, e._indent, e._place, e._covered = [], 1, "", False
        write()
        lines = e._lines
        e._lines, e._indent, e._place, e._covered = saved
        return lines

    def _write_share(self) -> None:
        e, sharing, loop = self._emitter, self._sharing, self._loop
        e._sharing = sharing
        if loop.apart:
            for dtype in sharing.tapes:
                share = e._names.fresh("share")
                e._line(f"{share} = (limit_{dtype} - top_{dtype}) // workers")
                e._line(f"top_{dtype} += worker * {share}")
                e._line(f"limit_{dtype} = top_{dtype} + {share}")
        first, past = "worker * chunks // workers", "(worker + 1) * chunks // workers"
        if sharing.threads.reach:
            e._line(f"first_chunk = {first}")
            e._line(f"for chunk in range(first_chunk + (first_chunk + phase) % 2, {past}, 2):")
        else:
            e._line(f"for chunk in range({first}, {past}):")
        e._indent += 1
        for array, copies in sharing.copies.items():
            e._line(f"{e._names[array]} = {self._copy_of(array, copies)}")
        for at, (init, param) in enumerate(zip(self._inits, loop.params, strict=True)):
            later = f" if chunk == 0 else {self._zero(param)}" if is_sum(loop, at) else ""
            e._line(f"{e._names.bind(param)} = {init}{later}")
        self._write_iterations()
        for part, param in zip(self._parts, loop.params, strict=True):
            e._line(f"{part}[chunk] = {e._names[param]}")
        e._indent -= 1
        e._sharing = None

    def _write_iterations(self) -> None:
        e, sharing, loop = self._emitter, self._sharing, self._loop
        low, high = f"{sharing.trips} * chunk // chunks", f"{sharing.trips} * (chunk + 1) // chunks"
        index = e._names[loop.index] if e._rows is not None else e._names.bind(loop.index)
        if sharing.step == "1":
            shift = "" if sharing.start == "0" else f"{sharing.start} + "
            e._line(f"for {index} in range({shift}{low}, {shift}{high}):")
            e._indent += 1
        else:
            turn = e._names.fresh("turn")
            e._line(f"for {turn} in range({low}, {high}):")
            e._indent += 1
            e._line(f"{index} = {sharing.start} + {turn} * {sharing.step}")
        before = len(e._lines)
        e._covered = e._rows is not None
        e._block(loop.body)
        e._assign(loop.params, loop.yields)
        e._fill(before)
        e._indent -= 1

    def _copy_of(self, array: Var, copies: str) -> str:
        ndim = array_type(array).ndim
        lengths = "".join(f"{copies}.shape[{axis + 1}], " for axis in range(ndim)).rstrip(" ")
        starts = ", ".join(["chunk", *["0"] * ndim])
        steps, axes = (1,) * ndim, tuple(range(1, ndim + 1))
        return f"{self._emitter._helper('view')}({copies}, ({starts},), ({lengths}), {steps}, {axes}, 'C')"

    def _write_threads(self, head: Sequence[str]) -> str:
        prange = self._prange()
        call = f"{self._share}({', '.join(head)})"
        return _function(self._threads, head[1:], [f"    for worker in {prange}(workers):", f"        {call}"])

    def _prange(self) -> str:
        import numba

        return self._emitter._use("prange", numba.prange, in_turn)

    def _write_loop(self, head: Sequence[str]) -> None:
        e, sharing, loop = self._emitter, self._sharing, self._loop
        self._work_name = e._names.fresh("work")
        self._write_cut()
        empty = e._use("empty", np.empty, np.empty)
        if self._takes_failures:
            e._line(f"failed = {e._use('zeros', np.zeros, np.zeros)}(chunks, {self._dtype('int64')})")
        for part, param in zip(self._parts, loop.params, strict=True):
            e._line(f"{part} = {empty}(chunks, {self._dtype(param.type.dtype)})")
        for array, copies in sharing.copies.items():
            self._write_copies(array, copies)
        self._write_runs(head)
        self._write_failures()
        for array, copies in sharing.copies.items():
            self._write_sum_of_copies(array, copies)
        totals = [e._names.fresh(f"{param.name}_total") for param in loop.params]
        for at, (total, part) in enumerate(zip(totals, self._parts, strict=True)):
            e._line(f"{total} = {part}[0]")
            e._line("for chunk in range(1, chunks):")
            e._line(f"    {total} = {bare(put_together(loop, at, total, f'{part}[chunk]'))}")
        results = [*(["0"] if sharing.may_overflow else []), *totals]
        if results:
            e._line(f"return ({', '.join(results)},)")

    def _write_cut(self) -> None:
        """How many chunks there are: enough work for each, so many places, and not too many copies."""
        e, sharing = self._emitter, self._sharing
        bounds = [f"{self._work_name} // {LEAST_WORK}", str(MOST_CHUNKS)]
        bounds.append(sharing.trips if sharing.threads.reach < 2 else f"{sharing.trips} // {sharing.threads.reach}")
        for array in sharing.copies:
            ndim = array_type(array).ndim
            shape = "".join(f"{e._names[array]}.shape[{axis}], " for axis in range(ndim)).rstrip(" ")
            size = f"{e._helper('elements')}(({shape}))" if ndim else "1"
            bounds.append(f"{self._work_name} // max({COPY_SHARE} * {size}, 1)")
        e._line(f"chunks = max(min({', '.join(bounds)}), 1)")

    def _write_copies(self, array: Var, copies: str) -> None:
        e, type_ = self._emitter, array_type(array)
        name = e._names[array]
        shape = "".join(f"{name}.shape[{axis}], " for axis in range(type_.ndim)).rstrip(" ")
        zeros = e._use("zeros", np.zeros, np.zeros)
        view = e._helper("view")
        held, count = e._names.fresh("held"), type_.ndim
        self._held[array] = held
        own = f"{zeros}((chunks, {shape}), {self._dtype(type_.dtype)})"
        steps, axes = (1,) * (count + 1), tuple(range(count + 1))
        at, into = ", ".join(["0"] * (count + 1)), "".join(["0, "] * count).rstrip(" ")
        e._line(f"{held} = {own if count else f'{zeros}(chunks, {self._dtype(type_.dtype)})'}")
        lengths = f"({'chunks, ' + shape if count else 'chunks,'})"
        e._line(f"{copies} = {view}({held}, ({at},), {lengths}, {steps}, {axes}, 'C')")
        e._line("if chunks == 1:")
        one = f"({'1, ' + shape if count else '1,'})"
        e._line(f"    {copies} = {view}({name}, ({into}), {one}, {steps}, {(-1, *range(count))}, 'C')")

    def _write_sum_of_copies(self, array: Var, copies: str) -> None:
        e, count = self._emitter, array_type(array).ndim
        e._line("if chunks > 1:")
        e._line(f"    for chunk in range({copies}.shape[0]):")
        places = [e._names.fresh("at") for _ in range(count)]
        for axis, place in enumerate(places):
            e._line("    " * (axis + 2) + f"for {place} in range({copies}.shape[{axis + 1}]):")
        element = f"{e._helper('load')}({self._held[array]}, {', '.join(['chunk', *places])})"
        target = ", ".join([e._names[array], *places, element])
        e._line("    " * (count + 2) + f"{e._helper('accumulate')}({target})")

    def _write_runs(self, head: Sequence[str]) -> None:
        e = self._emitter
        from jitad.runtime.threads import thread_count

        threads = e._use("thread_count", thread_count, one_thread)
        e._line(f"workers = 1 if chunks == 1 else min({threads}(), chunks)")
        if self._sharing.threads.reach:
            e._line("for phase in range(2):")
            e._indent += 1
        e._line("if workers == 1:")
        e._line(f"    {self._share}({', '.join(['0', *head[1:]])})")
        e._line("else:")
        e._line(f"    {self._threads}({', '.join(head[1:])})")
        if self._sharing.threads.reach:
            e._indent -= 1

    def _write_failures(self) -> None:
        """What went wrong in the first chunk in which something did."""
        e, sharing = self._emitter, self._sharing
        if not self._takes_failures:
            return
        zeros = [self._zero(param) for param in self._loop.params]
        e._line("for chunk in range(chunks):")
        e._indent += 1
        if sharing.may_overflow:
            e._line("if failed[chunk] < 0:")
            e._line(f"    return ({', '.join(['-failed[chunk]', *zeros])},)")
        for number, fail in enumerate(sharing.failures, 1):
            e._line(f"if failed[chunk] == {number}:")
            e._indent += 1
            e._raise(fail)
            e._indent -= 1
        e._indent -= 1

    def _zero(self, param: Var) -> str:
        assert isinstance(param.type, Scalar)
        return literal(Const(0.0 if param.type.is_float else 0, param.type), self._emitter._use)

    def _dtype(self, dtype: str) -> str:
        kind = np.dtype(dtype).type
        return self._emitter._use("bool_" if dtype == "bool" else dtype, kind, kind)


def in_turn(workers: int) -> Iterable[int]:
    """The shares of uncompiled code, which run one after the other."""
    return range(workers)


def one_thread() -> int:
    """How many threads uncompiled code has."""
    return 1


def _function(name: str, parameters: Sequence[str], lines: Sequence[str]) -> str:
    return f"def {name}({', '.join(parameters)}):\n" + "\n".join(lines) + "\n"
