"""From a Python function and the types of its arguments to callable sweeps: reading, adjoint, emission, building."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from jitad.analysis.effects import written_params
from jitad.analysis.plan import AUTO
from jitad.analysis.randomness import generators
from jitad.building.compile import build
from jitad.emission.emit import Emitted, emit
from jitad.errors import NonScalarResultError
from jitad.program.statements import Program
from jitad.reading.kernel import Kernel, read_kernel
from jitad.reading.results import (
    ArrayResult,
    ComplexResult,
    DictResult,
    ResultTree,
    ScalarResult,
    SequenceResult,
    StaticResult,
)
from jitad.transforms.adjoint import FOR_CACHES, Adjoint, Arrangement, adjoint
from jitad.transforms.give_back import give_back
from jitad.transforms.localize import localize
from jitad.transforms.share import share
from jitad.transforms.threads import Verdict, all_parallel, on_threads

if TYPE_CHECKING:
    from jitad.reading.signature import ArgSpec


@dataclass(frozen=True, eq=False)
class Reading:
    """A kernel that has been read for arguments of some types, and which of its parameters it writes."""

    function: Any
    kernel: Kernel
    written: tuple[int, ...]

    @property
    def program(self) -> Program:
        return self.kernel.program


def read(
    function: Any,
    args: Sequence[ArgSpec],
    kwargs: Mapping[str, ArgSpec],
    *,
    bounds_checked: bool = False,
    parallel: bool = False,
) -> Reading:
    """Read a function for arguments of these types; ``parallel`` asks for threads for every loop that may have them."""
    kernel = read_kernel(function, args, kwargs, bounds_checked=bounds_checked)
    if parallel or kernel.options.get("parallel"):
        kernel = replace(kernel, program=all_parallel(kernel.program))
    return Reading(function, kernel, tuple(written_params(kernel.program)))


@dataclass(frozen=True, eq=False)
class Sweeps:
    """A compiled function (or an uncompiled one) and what its flat tuple of results stands for.

    ``generators`` are the random generators that it draws from, ``threads`` tells what became of the loops for which
    threads were asked.
    """

    run: Callable[..., Any]
    emitted: Emitted
    program: Program
    compiled: bool
    generators: tuple[str, ...] = ()
    threads: tuple[Verdict, ...] = ()


def gradient_adjoint(
    reading: Reading,
    wrt: Sequence[int],
    *,
    has_aux: bool = False,
    storage: str = AUTO,
    arranged: Arrangement = FOR_CACHES,
) -> tuple[Adjoint, ResultTree]:
    """The adjoint of a kernel with one scalar result, and the tree of that result (with its aux).

    ``storage`` and ``arranged`` are as in ``jitad.transforms.adjoint``. Raises NonScalarResultError for a kernel with
    another kind of result.
    """
    tree = reading.kernel.result
    leaf = tree
    if has_aux:
        if not is_pair(tree):
            raise _not_scalar(reading, f"{_what(tree, reading.program)}, and has_aux=True asks for a pair (value, aux)")
        assert isinstance(tree, SequenceResult)
        leaf = tree.items[0]
    require_scalar(reading, leaf)
    assert isinstance(leaf, ScalarResult)
    made = adjoint(reading.program, wrt, dependents=[leaf.index], storage=storage, arranged=arranged)
    return made, tree


def is_pair(tree: ResultTree) -> bool:
    """True for a pair (value, aux), which a complex number isn't."""
    return isinstance(tree, SequenceResult) and not isinstance(tree, ComplexResult) and len(tree.items) == 2


def require_scalar(reading: Reading, leaf: ResultTree | None = None) -> None:
    """Raise NonScalarResultError unless a kernel returns (as ``leaf`` of its result) one floating-point number."""
    leaf = reading.kernel.result if leaf is None else leaf
    if not isinstance(leaf, ScalarResult) or not reading.program.results[leaf.index].type.is_float:
        raise _not_scalar(reading, _what(leaf, reading.program))


def pullback_adjoint(reading: Reading, wrt: Sequence[int], dependents: Sequence[int], storage: str = AUTO) -> Adjoint:
    """The adjoint of a kernel whose cotangents are given."""
    return adjoint(reading.program, wrt, dependents=dependents, seeded=True, storage=storage)


def forward_only(reading: Reading) -> Program:
    """The kernel's program with local copies of what it writes, and results that stay on the tape."""
    return give_back(localize(reading.program))


def make_sweeps(program: Program, reading: Reading, *, compiled: bool, measured: bool = False) -> Sweeps:
    """Emit and build a program made from a kernel, with the options of the user's ``@njit``."""
    threaded = on_threads(share(program))
    program = threaded.program
    emitted = emit(program, measured=measured)
    run = build(emitted, compiled=compiled, fastmath=reading.kernel.options.get("fastmath", False))
    return Sweeps(run, emitted, program, compiled, generators(program.body), tuple(threaded.verdicts))


def _what(tree: ResultTree, program: Program) -> str:
    match tree:
        case ScalarResult(index):
            return f"a number of dtype {program.results[index].type}"
        case ArrayResult(index):
            type_: Any = program.results[index].type
            return f"an array of dtype {type_.dtype} with {type_.ndim} {'axis' if type_.ndim == 1 else 'axes'}"
        case StaticResult(obj):
            return repr(obj)
        case ComplexResult(items=(ScalarResult(), _)):
            return "a complex number"
        case ComplexResult():
            return "an array of complex numbers"
        case SequenceResult(kind, items):
            return f"a {kind.__name__} of {len(items)}"
        case DictResult(pairs):
            return f"a dict of {len(pairs)}"
    raise TypeError(tree)


def _not_scalar(reading: Reading, what: str) -> NonScalarResultError:
    program = reading.program
    return NonScalarResultError(
        f"{program.name!r} returns {what}; a gradient is of one real floating-point number.",
        "return a float (np.sum(...) of an array, say; z.real or abs(z) of a complex number), or use jitad.vjp for "
        "arrays and for several results; "
        "grad(..., has_aux=True) takes a pair whose second part isn't differentiated.",
        program.origin,
    )
