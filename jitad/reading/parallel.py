"""``prange``: what can be seen of the promise that iterations are independent, and what breaks it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NoReturn

from jitad.analysis.places import Place, Places
from jitad.analysis.reductions import is_reduction
from jitad.analysis.sums import carried_sums
from jitad.errors import ParallelLoopError
from jitad.program.origin import Origin
from jitad.program.queries import definitions, walk
from jitad.program.statements import Accumulate, Block, Compute, Const, Dim, Draw, Load, Loop, Operand, Statement, Store

if TYPE_CHECKING:
    from jitad.reading.reader import Reader


def refuse_leaving(reader: Reader) -> NoReturn:
    """Refuse ``break`` and ``return`` inside ``prange``."""
    reader.refuse(
        ParallelLoopError,
        "A prange loop is left by break or return, and its iterations have no order.",
        "use range, or let every iteration run",
    )


def ask_for_threads(loop: Loop) -> None:
    """Mark a ``prange`` loop, as one whose iterations may run in any order if it carries nothing but sums.

    Raises ParallelLoopError where an iteration draws random numbers, carries a number to the next one other than in a
    reduction, or touches for certain an element that another one writes.
    """
    _Checker(loop).check()
    loop.parallel = True
    loop.order_free = len(carried_sums(loop)) == len(loop.params)


class _Checker:
    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._places = Places(loop)
        self._changing = _changing(loop)

    def check(self) -> None:
        for statement in walk(self._loop.body):
            if isinstance(statement, Draw):
                raise _refused(
                    "An iteration of a prange loop draws random numbers, whose order threads would change.",
                    "draw before the loop, into an array, or use range",
                    statement.origin,
                )
        for at, param in enumerate(self._loop.params):
            if not is_reduction(self._loop, at):
                raise _refused(
                    f"A prange loop carries {param.name!r} from one iteration to the next, and it isn't a sum, a "
                    "product, a maximum or a minimum that nothing else in the loop reads.",
                    f"give each iteration a {param.name!r} of its own (assign it before it is read, and don't read it "
                    "after the loop), or use range",
                    self._loop.origin,
                )
        accesses = list(_always(self._loop.body))
        stores = [s for s in accesses if isinstance(s, Store)]
        for store in stores:
            self._check_store(store, accesses)

    def _check_store(self, store: Store, accesses: list[Load | Store | Accumulate]) -> None:
        place = self._places.of(store.array, store.index)
        if place is None:
            return
        if not any(index is None or index in self._changing for index in place.index):
            raise _refused(
                f"Every iteration of a prange loop writes the same elements of {place.array.name!r}.",
                "add up in a number, write to an element that the loop's index names, or use range",
                store.origin,
            )
        for access in accesses:
            other = self._places.of(access.array, access.index)
            if other is not None and other.array is place.array and _neighbours(place, other):
                raise _refused(
                    f"Iterations of a prange loop read or write elements of {place.array.name!r} that others write.",
                    "write to another array, or use range",
                    store.origin,
                )


def _neighbours(store: Place, other: Place) -> bool:
    """True when some other iteration touches the very element that a store writes."""
    apart = False
    axes = zip(store.index, other.index, store.offset, other.offset, strict=True)
    for index, other_index, offset, other_offset in axes:
        if offset is not None and other_offset is not None:
            apart = apart or offset != other_offset
        elif index is None or index != other_index:
            return False
    return apart


def _always(block: Block) -> Iterator[Load | Store | Accumulate]:
    """The accesses of memory that every run of a block makes, if the loops in it run."""
    for statement in block:
        if isinstance(statement, Load | Store | Accumulate):
            yield statement
        elif isinstance(statement, Loop) and statement.is_counted:
            yield from _always(statement.body)


def _changing(loop: Loop) -> set[object]:
    """The numbers that may differ between iterations; the counters of inner loops over fixed ranges don't."""
    changing: set[object] = {loop.index, *loop.params}
    for statement in walk(loop.body):
        if isinstance(statement, Loop):
            changing.update((*statement.params, *statement.results))
            if not all(_is_fixed(bound, changing) for bound in (statement.start, statement.stop, statement.step)):
                changing.add(statement.index)
        elif not isinstance(statement, Compute | Dim) or _reads(statement, changing):
            changing.update(definitions(statement))
    return changing


def _is_fixed(bound: Operand | None, changing: set[object]) -> bool:
    return bound is not None and (isinstance(bound, Const) or bound not in changing)


def _reads(statement: Statement, changing: set[object]) -> bool:
    args = statement.args if isinstance(statement, Compute) else ()
    return any(arg in changing for arg in args if not isinstance(arg, Const))


def _refused(reason: str, remedy: str, origin: Origin | None) -> ParallelLoopError:
    return ParallelLoopError(reason, remedy, origin)
