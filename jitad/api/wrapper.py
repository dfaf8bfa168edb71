"""The function around sweeps that compiled code calls: it allocates, runs the sweeps, and puts the results together."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from jitad.analysis.aliasing import Aliases
from jitad.analysis.randomness import generators
from jitad.api.derived import Derived
from jitad.api.running import conflicts, shared_memory
from jitad.emission.emit import Emitted, emit
from jitad.emission.naming import Names
from jitad.errors import SharedMemoryError
from jitad.primitives.generator_state import KEEP, PUT, WORDS
from jitad.primitives.views import view_as_real
from jitad.program.statements import Var
from jitad.program.types import REAL_DTYPES, Array
from jitad.reading.results import (
    ArrayResult,
    ComplexResult,
    DictResult,
    ResultTree,
    ScalarResult,
    SequenceResult,
    StaticResult,
    complex64_of,
    complex128_of,
)
from jitad.reading.signature import ArgSpec, ArraySpec, ComplexSpec, ScalarSpec, SequenceSpec
from jitad.runtime import memory
from jitad.runtime.complexes import contiguous_parts, from_parts, strided_parts
from jitad.runtime.overlap import overlap
from jitad.runtime.remembered import recall, remember
from jitad.runtime.results import copied, taken
from jitad.runtime.tape import FAST_GROWTH_UP_TO
from jitad.transforms.first_terms import store_first_gradients
from jitad.transforms.share import share
from jitad.transforms.threads import on_threads

KEPT_SHARE = 4
"""Array results that take more than one in so many of a tape's elements keep the tape alive instead of being copied."""

START_ELEMENTS = 96
"""Elements of each tape of the first call (a small block, which malloc keeps at hand); later calls start with what was
needed."""


@dataclass(frozen=True)
class Argument:
    """A parameter of the function: the description of what the kernel gets for it (None when it gets nothing).

    One that is ``starred`` takes further positional arguments.
    """

    name: str
    spec: ArgSpec | None
    starred: bool = False


def wrapped(derived: Derived, arguments: Sequence[Argument]) -> Emitted:
    """The sweeps of a derivative program, and a function around them with these parameters."""
    return _Wrapper(derived, arguments).emitted()


class _Wrapper:
    """Writes the source of one function."""

    def __init__(self, derived: Derived, arguments: Sequence[Argument]) -> None:
        self._derived = derived
        program, self._stored = store_first_gradients(derived.program, derived.wrt)
        self._program = on_threads(share(program)).program
        self._sweeps = emit(self._program)
        self._uses: dict[str, Any] = dict(self._sweeps.names)
        self._names = Names({*self._uses, self._sweeps.entry, *self._sweeps.functions})
        self._arguments = [replace(argument, name=self._names.fresh(argument.name)) for argument in arguments]
        self._lines: list[str] = []

    def emitted(self) -> Emitted:
        """The source of the sweeps, then that of the function."""
        sweeps = self._sweeps
        entry = self._names.fresh(f"{self._derived.reading.program.name}_derivative")
        params = [f"*{argument.name}" if argument.starred else argument.name for argument in self._arguments]
        self._write()
        head = f"def {entry}({', '.join(params)}):\n"
        source = "\n\n".join([sweeps.source.rstrip() + "\n", head + "\n".join(f"    {line}" for line in self._lines)])
        made = Emitted(source + "\n", entry, self._uses, {}, sweeps.tapes, sweeps.results)
        return replace(made, on_threads=sweeps.on_threads, apart=sweeps.apart)

    def _write(self) -> None:
        leaves = [leaf for argument in self._arguments for leaf in self._leaves(argument.name, argument.spec)]
        leaves += [self._captured(capture) for capture in self._derived.reading.kernel.captures]
        self._check_memory(leaves)
        gradients = self._gradients(leaves)
        tapes = [self._tape(dtype) for dtype in self._sweeps.tapes]
        flat = self._names.fresh("flat")
        self._keep_generators()
        given = [*self._borrowed(leaves), *map(self._borrow, (*gradients.values(), *tapes))]
        call = f"{flat} = {self._sweeps.entry}({', '.join(given)})"
        self._lines.append(call)
        if tapes:
            self._run_again(flat, call, list(gradients.values()), tapes)
        parts = self._results(flat, tapes)
        count = len(parts) - sum(at not in gradients for at in range(len(self._derived.wrt)))
        scalars = iter(parts[count:])
        parts[count:] = [gradients[at] if at in gradients else next(scalars) for at in range(len(self._derived.wrt))]
        self._lines.append(f"return {self._built(self._derived.output, parts)}")

    def _use(self, hint: str, value: Any) -> str:
        """A name for an object."""
        for name, known in self._uses.items():
            if known is value:
                return name
        name = self._names.fresh(hint)
        self._uses[name] = value
        return name

    def _dtype(self, dtype: str) -> str:
        return self._use("bool_" if dtype == "bool" else dtype, np.dtype(dtype).type)

    def _leaves(self, text: str, spec: ArgSpec | None) -> Iterator[str]:
        """The numbers and arrays in an argument."""
        match spec:
            case ArraySpec(dtype=dtype, layout=layout) if dtype in REAL_DTYPES:
                name = self._names.fresh("parts")
                view = ("contiguous_parts", contiguous_parts) if layout == "C" else ("strided_parts", strided_parts)
                self._lines.append(f"{name} = {self._use(*view)}({text})")
                yield name
            case ScalarSpec() | ArraySpec():
                yield text
            case ComplexSpec():
                yield f"{text}.real"
                yield f"{text}.imag"
            case SequenceSpec(items=items):
                for at, item in enumerate(items):
                    yield from self._leaves(f"{text}[{at}]", item)

    def _captured(self, capture: Any) -> str:
        """A captured array as it is now."""
        array = np.array(capture.getter(), order="K")
        if array.dtype.name in REAL_DTYPES:
            array = view_as_real(array)
        array.setflags(write=False)
        name = self._names.fresh("captured")
        self._uses[name] = array
        self._lines.append(f"# {name} is {capture.name}, {hashlib.sha256(array.tobytes()).hexdigest()[:16]}")
        return name

    def _check_memory(self, leaves: Sequence[str]) -> None:
        for written, other in conflicts(self._derived.reading):
            error = shared_memory(self._derived.reading, written, other)
            assert error.origin is not None
            raised = f"{self._use('SharedMemoryError', SharedMemoryError)}({error.reason!r}, {error.remedy!r}, "
            self._lines.append(f"if {self._use('overlap', overlap)}({leaves[written]}, {leaves[other]}):")
            self._lines.append(f"    raise {raised}{error.origin.packed()!r})")

    def _borrowed(self, leaves: Sequence[str]) -> Iterator[str]:
        """What the sweeps get for the arguments: arrays that the caller keeps alive."""
        for leaf, param in zip(leaves, self._derived.reading.program.params, strict=True):
            yield self._borrow(leaf) if isinstance(param.type, Array) else leaf

    def _borrow(self, array: str) -> str:
        return f"{self._use('borrowed', memory.borrowed)}({array})"

    def _gradients(self, leaves: Sequence[str]) -> dict[int, str]:
        """Allocate the gradients by arrays: their names by their places in ``wrt``."""
        found: dict[int, str] = {}
        for place, at in enumerate(self._derived.wrt):
            param = self._derived.reading.program.params[at]
            if isinstance(param.type, Array):
                found[place] = self._names.fresh(f"{param.name}_bar")
                order = "[::-1]" if param.type.layout == "F" else ""
                make = self._use("empty", np.empty) if at in self._stored else self._use("zeros", np.zeros)
                made = f"{make}({leaves[at]}.shape{order}, {self._dtype(param.type.dtype)})"
                self._lines.append(f"{found[place]} = {made}{'.T' if order else ''}")
        return found

    def _keep_generators(self) -> None:
        """Keep the states of random generators, if the sweeps may run again."""
        self._kept: list[tuple[Any, str]] = []
        if not self._sweeps.tapes:
            return
        for name in generators(self._program.body):
            state = self._names.fresh(f"{name}_state")
            empty = f"{self._use('empty', np.empty)}({WORDS}, {self._dtype('int64')})"
            keep = KEEP[name].implementation
            self._lines += [f"{state} = {empty}", f"{self._use(keep.__name__, keep)}({state})"]
            self._kept.append((PUT[name].implementation, state))

    def _tape(self, dtype: str) -> str:
        name = self._names.fresh(f"tape_{dtype}")
        size = f"{self._use('recall', recall)}({dtype!r}, {START_ELEMENTS})"
        self._lines.append(f"{name} = {self._use('empty', np.empty)}({size}, {self._dtype(dtype)})")
        return name

    def _run_again(self, flat: str, call: str, gradients: list[str], tapes: list[str]) -> None:
        """Grow the tape that was too small, until none is."""
        empty, keep = self._use("empty", np.empty), self._use("remember", remember)
        self._lines.append(f"while {flat}[0] != 0:")
        for at, (dtype, tape) in enumerate(zip(self._sweeps.tapes, tapes, strict=True)):
            fast = FAST_GROWTH_UP_TO // np.dtype(dtype).itemsize
            self._lines += [
                f"    if {flat}[0] == {at + 1}:",
                f"        {tape} = {empty}({tape}.size * (4 if {tape}.size < {fast} else 2), {self._dtype(dtype)})",
                f"        {keep}({dtype!r}, {tape}.size)",
            ]
        self._lines += [f"    {self._use('fill', memory.fill)}({gradient}, 0.0)" for gradient in gradients]
        self._lines += [f"    {self._use(put.__name__, put)}({state}, {state})" for put, state in self._kept]
        self._lines.append(f"    {call}")

    def _results(self, flat: str, tapes: list[str]) -> list[str]:
        """The program's results; arrays are parts of their tapes, or copies.

        They are parts of a tape that they fill to a good part, so that there is one allocation for all of them. Of
        results that may share memory the first one alone is a part.
        """
        aliases, seen = Aliases(self._program), set[Var]()
        is_part = {dtype: self._names.fresh("is_part") for dtype in self._sweeps.tapes}
        sizes: dict[str, list[str]] = {dtype: [] for dtype in is_part}
        parts, at = [], 1
        for result, kind in zip(self._program.results, self._sweeps.results, strict=True):
            if kind is None or not isinstance(result, Var):
                parts.append(f"{flat}[{at}]")
                at += 1
                continue
            (dtype, ndim), root = kind, aliases.root(result)
            lengths = [f"{flat}[{at + 1 + axis}]" for axis in range(ndim)]
            tape = tapes[self._sweeps.tapes.index(dtype)]
            place = f"{tape}, {flat}[{at}], ({''.join(f'{length}, ' for length in lengths)})"
            if root in seen:
                parts.append(f"{self._use('copied', copied)}({place})")
            else:
                parts.append(f"{self._use('taken', taken)}({place}, {is_part[dtype]})")
                sizes[dtype].append(" * ".join(lengths) or "1")
                seen.add(root)
            at += 1 + ndim
        for (dtype, amounts), tape in zip(sizes.items(), tapes, strict=True):
            if amounts:
                self._lines.append(f"{is_part[dtype]} = {KEPT_SHARE} * ({' + '.join(amounts)}) >= {tape}.size")
        return parts

    def _built(self, tree: ResultTree, parts: Sequence[str]) -> str:
        match tree:
            case ScalarResult(index) | ArrayResult(index):
                return parts[index]
            case ComplexResult(kind, items):
                given = ", ".join(self._built(item, parts) for item in items)
                if kind is complex128_of:
                    return f"{self._use('complex', complex)}({given})"
                if kind is complex64_of:
                    return f"{self._use('complex64', np.complex64)}({self._use('complex', complex)}({given}))"
                return f"{self._use('from_parts', from_parts)}({given})"
            case SequenceResult(kind, items):
                inner = [self._built(item, parts) for item in items]
                if hasattr(kind, "_fields"):
                    return f"{self._use(kind.__name__, kind)}({', '.join(inner)})"
                return f"[{', '.join(inner)}]" if kind is list else f"({''.join(f'{item}, ' for item in inner)})"
            case DictResult(pairs):
                return "{" + ", ".join(f"{key!r}: {self._built(item, parts)}" for key, item in pairs) + "}"
            case StaticResult(obj) if obj is None or type(obj) in (bool, int, str):
                return repr(obj)
            case StaticResult(obj):
                return self._use("static", obj)
        raise TypeError(tree)
