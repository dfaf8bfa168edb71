"""``explain``: what jitad makes of a kernel, from its program to the emitted sweeps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jitad.api.derivative import Derivative, GradientRequest, describe_all
from jitad.api.gradient import checked_argnums, checked_storage, refuse_uncallable
from jitad.api.jacobian_entry import JacobianRequest
from jitad.api.jacobian_programs import REVERSE
from jitad.api.leaves import active_leaves
from jitad.api.mode import bounds_checked, mode
from jitad.api.structure import flatten
from jitad.program.origin import Origin
from jitad.program.statements import Program, Statement, Var

if TYPE_CHECKING:
    from jitad.analysis.plan import Plan
    from jitad.api.differentiate import Reading
    from jitad.transforms.adjoint import Adjoint


@dataclass(frozen=True)
class Record:
    """One thing that the forward sweep puts on the tape in each run of its block, and why."""

    what: str
    why: str
    origin: Origin | None

    def __str__(self) -> str:
        place = f"  ({self.origin.short()})" if self.origin is not None else ""
        return f"{self.what}: {self.why}{place}"


@dataclass(frozen=True)
class Explanation:
    """What ``explain`` found; ``print`` it, or look at its parts.

    ``program`` and ``adjoint`` are the texts of the kernel's program and of its adjoint (or of the program of its
    Jacobian), ``records`` what the forward sweep records and why, ``spared`` what the reverse sweep needs and gets
    without a record, and how, ``storage`` the option by which this was decided, ``tape_bytes`` the most bytes on the
    tape in this run for each dtype, ``source`` the emitted source of both sweeps, and ``file`` where that stands.
    ``threads`` says, in the order of the sweeps, which loops run on threads where they are large, of those for which
    that is asked, and why the others don't. ``mode`` is "reverse", "forward", or "forward over reverse" (for Hessians),
    and ``why`` tells why.
    """

    name: str
    program: str
    adjoint: str
    records: tuple[Record, ...]
    spared: tuple[Record, ...]
    storage: str
    tape_bytes: dict[str, int]
    source: str
    file: Path
    mode: str
    why: str
    threads: tuple[str, ...] = ()

    @property
    def total_bytes(self) -> int:
        """Bytes on the tapes of all dtypes together."""
        return sum(self.tape_bytes.values())

    def __str__(self) -> str:
        records = "\n".join(f"- {record}" for record in self.records) or "Nothing."
        spared = "\n".join(f"- {record}" for record in self.spared) or "What is cheap to compute again, if anything."
        parts = ", ".join(f"{count:,} of {dtype}" for dtype, count in self.tape_bytes.items() if count)
        sections = {
            f"The program of {self.name}": self.program,
            f"What the forward sweep records (storage={self.storage!r})": records,
            "What it needn't record": spared,
            "The tape": f"{self.total_bytes:,} bytes at most in this run{f' ({parts})' if parts else ''}.",
            "The mode": f"{self.mode} ({self.why})",
            **({"Threads": "\n".join(f"- {line}" for line in self.threads)} if self.threads else {}),
            f"The {'adjoint' if self.mode == REVERSE else 'derivative'} program": self.adjoint,
            f"The emitted sweeps ({self.file})": self.source,
        }
        return "\n\n".join(f"{title}\n{'=' * len(title)}\n{text.rstrip()}" for title, text in sections.items()) + "\n"


def explain(
    f: Callable[..., Any], *args: Any, argnums: int | Sequence[int] | None = None, storage: str | None = None
) -> Explanation:
    """Show how the gradient of ``f`` by ``argnums`` is computed for these arguments.

    For a derivative (``jitad.grad(f)``, ``jitad.jacobian(f)``, ``jitad.hessian(f)``, …) show how that is computed, by
    its own argnums and storage unless others are given; otherwise ``argnums`` is 0 and ``storage`` is "auto" (see
    ``jitad.grad``). The kernel is read, differentiated and run once (its tape is measured). Raises what the derivative
    raises.

    >>> import jitad
    >>> def cube(x):
    ...     return x * x * x
    >>> jitad.explain(cube, 2.0).total_bytes
    0
    >>> jitad.explain(jitad.jacobian(cube), 2.0).mode
    'forward'
    """
    from jitad.api.differentiate import gradient_adjoint, read
    from jitad.transforms.first_terms import store_first_gradients

    refuse_uncallable(f)
    request = f.request if isinstance(f, Derivative) else GradientRequest(0, False, bounds_checked())
    f = f.kernel if isinstance(f, Derivative) else f
    if argnums is not None:
        request = replace(request, argnums=checked_argnums(argnums))
    if storage is not None:
        request = replace(request, storage=checked_storage(storage))
    leaves: list[Any] = []
    for arg in args:
        flatten(arg, leaves)
    if isinstance(request, JacobianRequest):
        return _explained_jacobian(f, request, args, leaves)
    specs = describe_all(args)
    wrt, _ = active_leaves(f, specs, request.positions(f, len(args)))
    reading = read(f, specs, {}, bounds_checked=request.bounds_checked, parallel=request.parallel)
    adjoint, _ = gradient_adjoint(reading, wrt, has_aux=request.has_aux, storage=request.storage)
    leaves += [capture.getter() for capture in reading.kernel.captures]
    program, _ = store_first_gradients(adjoint.program, wrt)
    return _explanation(reading, program, wrt, adjoint, leaves, (REVERSE, "a gradient"), request.storage)


def _explained_jacobian(f: Any, request: JacobianRequest, args: Sequence[Any], leaves: list[Any]) -> Explanation:
    entry = request.build(f, args, {})
    leaves += entry.captured() or []
    chosen, _ = entry.ready(leaves)
    program, steps = entry.programs.program(chosen)
    how = (chosen, f"{entry.why(leaves)}; {steps}")
    return _explanation(entry.reading, program, (), entry.programs.adjoint(chosen), leaves, how, request.storage)


def _explanation(
    reading: Reading,
    program: Program,
    wrt: Sequence[int],
    adjoint: Adjoint | None,
    leaves: list[Any],
    how: tuple[str, str],
    storage: str,
) -> Explanation:
    from jitad.api.differentiate import make_sweeps
    from jitad.api.running import Call
    from jitad.building.compile import source_path
    from jitad.program.printer import show

    measured = make_sweeps(program, reading, compiled=mode.compiled, measured=True)
    sweeps = make_sweeps(program, reading, compiled=mode.compiled)
    return Explanation(
        name=reading.program.name,
        program=show(reading.program),
        adjoint=show(program),
        records=() if adjoint is None else tuple(_records(adjoint.plan)),
        spared=() if adjoint is None else tuple(_spared(adjoint.plan)),
        storage=storage,
        tape_bytes=Call(reading, measured, wrt).peaks(leaves),
        source=sweeps.emitted.source,
        file=source_path(sweeps.run),
        mode=how[0],
        why=how[1],
        threads=tuple(str(verdict) for verdict in sweeps.threads),
    )


def _records(plan: Plan) -> list[Record]:
    records = [
        Record(
            _value(var),
            plan.reasons.get(var, "the reverse sweep needs it"),
            plan.places.get(var),
        )
        for variables in plan.records.values()
        for var in variables
    ]
    for statement in plan.undone - plan.first.keys():
        records.append(Record(_undone(statement), "the reverse sweep reads what it overwrites", statement.origin))
    return _in_order(records)


def _spared(plan: Plan) -> list[Record]:
    kept = [var for variables in plan.kept.values() for var in variables]
    found = [Record(_value(var), f"{plan.reasons[var]}: kept in a variable", plan.places.get(var)) for var in kept]
    found += [Record(_value(var), plan.reasons[var], store.origin) for var, store in plan.stored.items()]
    for statement in plan.undone & plan.first.keys():
        why = "what the array was filled with: nothing is written there twice"
        found.append(Record(_undone(statement), why, statement.origin))
    for loop in plan.one_pass:
        found.append(Record("the loop", "each iteration is reversed as soon as it has run", loop.origin))
    for loop in plan.replayed:
        found.append(Record("the loop", "the reverse sweep runs it again, with the reversals", loop.origin))
    for row in plan.stacked:
        why = "the arrays of all iterations are rows of one, and the loop's index finds them"
        found.append(Record(f"where {row.out.name!r} lies on the tape", why, row.origin))
    return _in_order(found)


def _in_order(records: list[Record]) -> list[Record]:
    return sorted(records, key=lambda r: (r.origin is None, r.origin.line if r.origin else 0, r.what))


def _value(var: Var) -> str:
    return f"the value of {var.name!r} ({var.type})"


def _undone(statement: Statement) -> str:
    target = getattr(statement, "array", None) or next(iter(getattr(statement, "outs", ())), None)
    return f"the old contents of {target.name!r}" if isinstance(target, Var) else "the old contents of an array"
