"""What compiling a derivative function for argument types means: read, differentiate, emit, build."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from numba.core import dispatcher as numba_dispatcher
from numba.core import types
from numba.core.errors import ForceLiteralArg, TypingError
from numba.core.typing import signature

from jitad.api.numba_types import spec_of
from jitad.api.wrapper import Argument, wrapped
from jitad.building.compile import build, source_path
from jitad.building.finder import note_sources
from jitad.errors import JitadError
from jitad.reading.signature import ArgSpec, SequenceSpec

_Compiler: Any = numba_dispatcher._FunctionCompiler  # type: ignore[attr-defined]


class Specializer(_Compiler):
    """Stands in a derivative function's dispatcher where others have Numba's compiler of Python functions."""

    def __init__(self, owner: Any, kernel_signature: inspect.Signature) -> None:
        super().__init__(owner.py_func, owner.targetdescr, owner.targetoptions, owner.locals, None)
        self._derivative = owner.derivative
        self._signature = kernel_signature

    def _compile_core(self, args: Sequence[Any], return_type: Any) -> Any:
        """What Numba compiled for these types (with this type of result, where one is demanded).

        Raises TypingError with the reason and the remedy when jitad refuses.
        """
        args = tuple(args)
        strings = {at for at, type_ in enumerate(args) if isinstance(type_, types.UnicodeType)}
        if strings:
            raise ForceLiteralArg(strings)
        try:
            function = self._built(dict(zip(self.pysig.parameters, args, strict=True)))
        except JitadError as error:
            raise TypingError(str(error)) from error
        if return_type is not None:
            return function.get_compile_result(signature(return_type, *args))
        function.compile(args)
        return function.overloads[args]

    def _built(self, given: dict[str, Any]) -> Any:
        """The dispatcher of the emitted function for parameters of these types."""
        specs, named, arguments = self._described(given)
        derived = self._derivative.derived(specs, named)
        kernel = derived.reading.kernel
        emitted = wrapped(derived, arguments)
        files = sorted({function.__code__.co_filename for function in kernel.functions})
        emitted = replace(emitted, source="".join(f"# From {file}\n" for file in files) + emitted.source)
        function = build(emitted, fastmath=kernel.options.get("fastmath", False), for_compiled_code=True)
        note_sources(source_path(function), files)
        return function

    def _described(self, given: dict[str, Any]) -> tuple[list[ArgSpec], dict[str, ArgSpec], list[Argument]]:
        """What the kernel gets by position and by keyword, and each parameter with what the kernel gets for it.

        Omitted arguments are left to the kernel's defaults, unless the derivative is by one of them.
        """
        present = {name: type_ for name, type_ in given.items() if not isinstance(type_, types.Omitted)}
        bound = inspect.BoundArguments(self._signature, present)
        if len(bound.args) < self._derivative.least_count:
            bound = inspect.BoundArguments(self._signature, given)
        specs = [spec_of(type_, f"argument {at}") for at, type_ in enumerate(bound.args)]
        named = {name: spec_of(type_, f"argument {name!r}") for name, type_ in bound.kwargs.items()}
        rest = iter(specs)
        arguments = []
        for name in given:
            starred = self._signature.parameters[name].kind is inspect.Parameter.VAR_POSITIONAL
            if starred:
                spec: ArgSpec | None = SequenceSpec(tuple, tuple(rest))
            elif name in named:
                spec = named[name]
            else:
                spec = next(rest) if name in bound.arguments else None
            arguments.append(Argument(name, spec, starred))
        return specs, named, arguments
