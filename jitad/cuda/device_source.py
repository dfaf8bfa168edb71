"""The source of a device function around sweeps: it has the tape, and puts the results together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from jitad.api.derived import Derived
from jitad.api.running import conflicts
from jitad.cuda.emit import PLAIN_CUDA, DeviceCode
from jitad.cuda.target import cuda, is_simulated
from jitad.emission.naming import Names
from jitad.errors import UnsupportedOnCudaError
from jitad.primitives.views import view_as_real
from jitad.program.types import COMPLEX_DTYPES, REAL_DTYPES, Array
from jitad.reading.results import (
    ArrayResult,
    ComplexResult,
    DictResult,
    ResultTree,
    ScalarResult,
    SequenceResult,
    StaticResult,
    complex128_of,
    complex_array_of,
)

MISSHAPEN = "an array of the result has another shape than the one that is passed for it"


class Wrapper:
    """Writes the function; ``params`` are its parameters, ``uses`` and ``helpers`` the names that it reads."""

    helpers = ("tape_array", "fill", "as_real")

    def __init__(
        self, derived: Derived, code: DeviceCode, types: Sequence[Any], tape: int, *, with_status: bool
    ) -> None:
        self._derived = derived
        self._code = code
        self._types = tuple(types)
        self._tape = tape
        self._with_status = with_status
        self._program = derived.reading.program
        self._names = Names({*self.helpers, "sweep", "cuda", "nan"})
        self._lines: list[str] = []
        self.uses: dict[str, Any] = {"cuda": PLAIN_CUDA if is_simulated() else cuda, "nan": np.nan}
        self._outs: list[tuple[str, Any]] = []
        self._out_dtypes: dict[str, str] = {}
        self._complex_outs: dict[int, str] = {}
        _refuse(derived)
        self._args = [self._names.fresh(f"arg_{at}") for at in range(len(types))]
        self.entry = self._names.fresh(f"{self._program.name}_on_device")
        self._write()
        self.params = [*self._args, *[name for name, _ in self._outs]]
        head = f"def {self.entry}({', '.join(self.params)}):\n"
        self.source = head + "".join(f"    {line}\n" for line in self._lines)

    def message(self, status: int) -> str:
        """What a status means: an empty text for 0."""
        if status == 0:
            return ""
        if status > 0:
            dtype = self._code.tapes[status - 1]
            return f"the tape of {self._tape} elements of {dtype} is too small: ask for more with tape="
        failures = self._code.failures
        if -status > len(failures):
            return MISSHAPEN
        exception, args = failures[-1 - status]
        return f"{exception.__name__}: {exception(*args)}"

    def check(self, given: Sequence[Any]) -> None:
        """Raise TypingError for a call with arguments of other types than those of the signature."""
        from numba.core import types
        from numba.core.errors import TypingError

        expected = [*self._types, *[kind for _, kind in self._outs]]
        for at, (have, want) in enumerate(zip(given, expected, strict=True)):
            if not isinstance(want, types.Array):
                fits = types.unliteral(have) == want or (at < len(self._types) and _is_cast(have, want))
            else:
                is_out = at >= len(self._types)
                fits = isinstance(have, types.Array) and (have.dtype, have.ndim) == (want.dtype, want.ndim)
                is_row = is_out and have.ndim < 2 and not isinstance(want.dtype, types.Complex)
                fits = fits and (want.layout in ("A", have.layout) or is_row)
            if not fits:
                raise TypingError(f"{self.entry}: argument {at} has the type {have}, and {want} was asked for.")

    # Writing

    def _write(self) -> None:
        leaves = [
            leaf for name, type_ in zip(self._args, self._types, strict=True) for leaf in self._leaves(name, type_)
        ]
        leaves += [self._captured(capture) for capture in self._derived.reading.kernel.captures]
        results = list(self._code.results)
        wrt: list[Any] = [self._program.params[at] for at in self._derived.wrt]
        numbers = sum(not isinstance(param.type, Array) for param in wrt)
        own = len(results) - numbers
        status = self._names.fresh("status")
        flat, misshapen = self._names.fresh("flat"), -1 - len(self._code.failures)
        parts: list[str] = [""] * (own + len(wrt))
        outs = self._outputs(own, wrt)
        bars = {at - own: name for at, name in outs.items() if at >= own}
        self._lines.append(f"{status} = 0")
        for place, name in bars.items():
            leaf, ndim = leaves[self._derived.wrt[place]], wrt[place].type.ndim
            if ndim:
                differs = " or ".join(f"{name}.shape[{k}] != {leaf}.shape[{k}]" for k in range(ndim))
                self._lines += [f"if {differs}:", f"    {status} = {misshapen}"]
            self._lines.append(f"fill({name}, 0.0)")
        tapes = [self._local(dtype) for dtype in self._code.tapes]
        zeros, at = self._zeros(), 1
        call = f"sweep({', '.join([*leaves, *bars.values(), *tapes])})"
        self._lines += [f"if {status} == 0:", f"    {flat} = {call}", "else:", f"    {flat} = ({status}, {zeros})"]
        self._lines.append(f"{status} = {flat}[0]")
        for number, kind in enumerate(results):
            if kind is None:
                place = number if number < own else self._number_place(number - own, wrt) + own
                parts[place] = f"{flat}[{at}]"
                at += 1
            else:
                self._take(outs[number], tapes[self._code.tapes.index(kind[0])], flat, at, kind[1], status, misshapen)
                at += 1 + kind[1]
        parts = [outs.get(place, text) for place, text in enumerate(parts)]
        self._fail(status, outs)
        built = self._built(self._derived.output, parts)
        failed = self._built(self._derived.output, self._nans(parts, outs, own, wrt))
        result = f"({status}, {{}})" if self._with_status else "{}"
        self._lines += [f"if {status} != 0:", f"    return {result.format(failed)}", f"return {result.format(built)}"]

    def _leaves(self, name: str, type_: Any) -> Iterator[str]:
        """The numbers (as the signature has them, whatever the call gives) and the arrays in an argument."""
        from numba.core import types

        if isinstance(type_, types.BaseTuple):
            items: Any = type_
            for at, item in enumerate(items):
                yield from self._leaves(f"{name}[{at}]", item)
        elif isinstance(type_, types.Complex):
            yield f"{self._dtype(str(type_))}({name}).real"
            yield f"{self._dtype(str(type_))}({name}).imag"
        elif isinstance(type_, types.Number):
            yield f"{self._dtype(str(type_))}({name})"
        elif isinstance(type_, types.Array) and isinstance(type_.dtype, types.Complex):
            parts = self._names.fresh("parts")
            self._lines.append(f"{parts} = as_real({name})")
            yield parts
        elif isinstance(type_, types.Boolean | types.Array):
            yield name

    def _dtype(self, dtype: str) -> str:
        """The name of a dtype's class."""
        numpy_type = np.dtype(dtype).type
        self.uses[numpy_type.__name__] = numpy_type
        return numpy_type.__name__

    def _number_place(self, at: int, wrt: Sequence[Any]) -> int:
        """The place in ``wrt`` of the gradient by its ``at``-th number."""
        return [place for place, param in enumerate(wrt) if not isinstance(param.type, Array)][at]

    def _outputs(self, own: int, wrt: Sequence[Any]) -> dict[int, str]:
        """A parameter for each array of the result, in the order of the result; named by their places.

        Of a complex array it is the real one of its parts that is named so.
        """
        found: dict[int, str] = {}
        complex_places = set(_complex_places(self._derived.output))
        for place in _array_places(self._derived.output):
            is_gradient = place >= own
            type_: Any = wrt[place - own].type if is_gradient else self._program_result(place)
            if isinstance(type_, Array) and place not in found:
                name = found[place] = self._names.fresh(f"out_{len(found)}")
                if place in complex_places:
                    self._complex_outs[place] = name
                    found[place] = self._names.fresh(f"{name}_parts")
                    self._lines.append(f"{found[place]} = as_real({name})")
                self._outs.append((name, _out_type(type_, is_complex=place in complex_places)))
                self._out_dtypes[found[place]] = type_.dtype
        for place in range(own, own + len(wrt)):
            if isinstance(wrt[place - own].type, Array):
                assert place in found, "a gradient that isn't in the result"
        for place in range(own):
            if self._code.results[place] is not None and place not in found:
                found[place] = ""
        return found

    def _program_result(self, place: int) -> Any:
        return self._derived.program.results[place].type

    def _captured(self, capture: Any) -> str:
        array = np.ascontiguousarray(capture.getter())
        if array.dtype.name in REAL_DTYPES:
            array = view_as_real(array)
        name = self._names.fresh("captured")
        self.uses[name] = array.copy()
        return name

    def _local(self, dtype: str) -> str:
        name = self._names.fresh(f"tape_{dtype}")
        self._lines.append(f"{name} = cuda.local.array({self._tape}, {self._dtype(dtype)})")
        return name

    def _zeros(self) -> str:
        """The rest of what the sweeps return, in zeros."""
        found = []
        for number, kind in enumerate(self._code.results):
            if kind is not None:
                found += ["0"] * (1 + kind[1])
                continue
            found.append(f"{self._dtype(self._derived.program.results[number].type.dtype)}(0)")
        return "".join(f"{text}, " for text in found)

    def _take(self, out: str, tape: str, flat: str, at: int, ndim: int, status: str, misshapen: int) -> None:
        """Copy an array result from the tape."""
        if not out:
            return
        lines: list[str] = []
        shape = "".join(f"{flat}[{at + 1 + k}], " for k in range(ndim)).rstrip()
        if ndim:
            differs = " or ".join(f"{out}.shape[{k}] != {flat}[{at + 1 + k}]" for k in range(ndim))
            self._lines += [f"if {status} == 0 and ({differs}):", f"    {status} = {misshapen}"]
        seen = self._names.fresh("result")
        lines.append(f"{seen} = tape_array({tape}, {flat}[{at}], ({shape}))")
        index = [self._names.fresh("i") for _ in range(ndim)]
        for depth, name in enumerate(index):
            lines.append(f"{'    ' * depth}for {name} in range({out}.shape[{depth}]):")
        place = ", ".join(index) or "()"
        lines.append(f"{'    ' * ndim}{out}[{place}] = {seen}[{place}]")
        self._lines += [f"if {status} == 0:", *(f"    {line}" for line in lines)]

    def _fail(self, status: str, outs: dict[int, str]) -> None:
        """Spoil the arrays when something went wrong."""
        for name in outs.values():
            if name:
                self._lines += [f"if {status} != 0:", f"    fill({name}, {self._bad(self._out_dtypes[name])})"]

    def _nans(self, parts: list[str], outs: dict[int, str], own: int, wrt: Sequence[Any]) -> list[str]:
        found = []
        for place, text in enumerate(parts):
            if place in outs:
                found.append(text)
            else:
                type_ = self._program_result(place) if place < own else wrt[place - own].type
                found.append(self._bad(type_.dtype))
        return found

    def _bad(self, dtype: str) -> str:
        """What a number of a dtype is when something went wrong."""
        if dtype == "bool":
            return "False"
        least = "nan" if dtype.startswith("float") else f"({np.iinfo(dtype).min})"
        return f"{self._dtype(dtype)}({least})"

    def _built(self, tree: ResultTree, parts: Sequence[str]) -> str:
        match tree:
            case ScalarResult(index) | ArrayResult(index):
                return parts[index]
            case ComplexResult(kind, items):
                return self._complex(kind, [item.index for item in items], parts)  # type: ignore[attr-defined]
            case SequenceResult(kind, items):
                inner = [self._built(item, parts) for item in items]
                if hasattr(kind, "_fields"):
                    name = next((n for n, v in self.uses.items() if v is kind), "") or self._names.fresh(kind.__name__)
                    self.uses[name] = kind
                    return f"{name}({', '.join(inner)})"
                return f"({''.join(f'{item}, ' for item in inner)})"
            case StaticResult(obj) if obj is None or type(obj) in (bool, int):
                return repr(obj)
        raise UnsupportedOnCudaError(
            f"{self._program.name!r} returns {_what(tree)}, which device functions can't return.",
            "return numbers, arrays, and tuples or named tuples of them.",
            self._program.origin,
        )

    def _complex(self, kind: Any, places: Sequence[int], parts: Sequence[str]) -> str:
        """The complex number of two numbers, or the parameter for a complex array."""
        if kind is complex_array_of:
            return self._complex_outs[places[0]]
        number = f"complex({', '.join(parts[place] for place in places)})"
        return number if kind is complex128_of else f"{self._dtype('complex64')}({number})"


def _is_cast(have: Any, want: Any) -> bool:
    """True for a number that becomes one of the type that was asked for."""
    from numba.core import types

    if isinstance(want, types.Complex):
        return isinstance(have, types.Number)
    return isinstance(want, types.Float) and isinstance(have, types.Number) and not isinstance(have, types.Complex)


def _what(tree: ResultTree) -> str:
    return "a dict" if isinstance(tree, DictResult) else f"{getattr(tree, 'obj', tree)!r}"


def _array_places(tree: ResultTree) -> Iterator[int]:
    match tree:
        case ScalarResult(index) | ArrayResult(index):
            yield index
        case SequenceResult(items=items):
            for item in items:
                yield from _array_places(item)


def _complex_places(tree: ResultTree) -> Iterator[int]:
    match tree:
        case ComplexResult(kind, items):
            if kind is complex_array_of:
                yield from _array_places(tree)
        case SequenceResult(items=items):
            for item in items:
                yield from _complex_places(item)


def _out_type(kind: Array, *, is_complex: bool) -> Any:
    from numba.core import types

    if is_complex:
        return types.Array(getattr(types, COMPLEX_DTYPES[kind.dtype]), kind.ndim - 1, "C")
    return types.Array(types.boolean if kind.dtype == "bool" else getattr(types, kind.dtype), kind.ndim, "C")


def _refuse(derived: Derived) -> None:
    reading = derived.reading
    found = conflicts(reading)
    if found:
        written, other = (reading.program.params[at].name for at in found[0])
        raise UnsupportedOnCudaError(
            f"{reading.program.name!r} writes to {written!r}, and a device function can't tell whether {other!r} "
            "shares memory with it.",
            "write to an array that the kernel makes.",
            reading.program.origin,
        )
