"""Emit a program as a Python function of the subset that Numba compiles, after the functions that it shares.

The function takes the program's parameters and then one flat tape array per dtype in ``Emitted.tapes``. It returns a
tuple: a status; for each scalar result its value; for each array result its offset on the tape of its dtype and then
its shape; and, when measuring, the highest position reached on each tape. The status is 0, or 1 + the position in
``Emitted.tapes`` of a tape that is too small, found before anything is written past its end; the rest is zeros then.

The program writes to no parameters but gradients and what else its caller has made for it. These arrays and the tapes
lie apart from each other and from the other parameters, which may share memory among themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from jitad.analysis.local_arrays import local_arrays
from jitad.emission.exact_sums import with_exact_sums, with_ordered_sums
from jitad.emission.memory import tape_dtypes
from jitad.emission.naming import Names
from jitad.emission.source import Emitter
from jitad.emission.threads import ThreadedEmitter
from jitad.emission.vector_math import with_vector_math
from jitad.program.statements import Program
from jitad.program.types import Array
from jitad.transforms.share import shared_programs


@dataclass(frozen=True)
class Emitted:
    """The source of one function, after the ``functions`` that it calls.

    ``names`` are its free names in compiled runs, ``plain_names`` in plain ones. ``results`` has, for each result, None
    for a scalar or (dtype, ndim) for an array. ``on_threads`` are the functions in the source that run threads.
    ``apart`` are those whose callers see to it that an array which they write shares memory with no other argument.
    """

    source: str
    entry: str
    names: dict[str, Any]
    plain_names: dict[str, Any]
    tapes: tuple[str, ...]
    results: tuple[tuple[str, int] | None, ...]
    measured: bool = False
    functions: tuple[str, ...] = ()
    on_threads: tuple[str, ...] = ()
    apart: tuple[str, ...] = ()


def emit(program: Program, *, measured: bool = False) -> Emitted:
    """The source of a program; with ``measured`` it also returns the tape's peak, in elements per dtype."""
    program = with_vector_math(with_exact_sums(program))
    names = Names(set())
    functions = {shared: names.fresh(f"shared_{shared.name}") for shared in shared_programs(program)}
    ordered = {shared: with_ordered_sums(shared) for shared in functions}
    local = {alloc for each in (program, *ordered.values()) for alloc in local_arrays(each)}
    tapes = tape_dtypes([program, *ordered.values()], without=local)
    emitter = ThreadedEmitter(program, tapes, functions, measured, local)
    sources = [emitter.function()]
    for shared, name in functions.items():
        other = Emitter(ordered[shared], tapes, functions, measured, local)
        sources.append(other.shared(name))
        emitter.names_used.update(other.names_used)
        emitter.plain_names_used.update(other.plain_names_used)
    results = tuple(
        (result.type.dtype, result.type.ndim) if isinstance(result.type, Array) else None for result in program.results
    )
    used = emitter.names_used, emitter.plain_names_used
    source = "\n\n".join(sources[::-1])
    inner = (*functions.values(), *emitter.loop_functions)
    entry = emitter.entry
    return Emitted(source, entry, *used, tapes, results, measured, inner, tuple(emitter.on_threads), (entry,))
