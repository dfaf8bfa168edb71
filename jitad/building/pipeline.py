"""Numba's compiler for emitted functions, without what these never need.

Emitted functions are long and plain: the same few operations on the same few types over and over, no closures, no
comprehensions, no array expressions. So the types of an operation are worked out once in a function, and passes that
look for what isn't there are left out.
"""

from __future__ import annotations

from typing import Any

from numba.core import types
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import register_pass
from numba.core.typed_passes import NopythonRewrites, NopythonTypeInference
from numba.core.untyped_passes import InlineClosureLikes


class KernelCompiler(CompilerBase):
    """Numba's own pipeline with these changes."""

    def define_pipelines(self) -> list[Any]:
        """The one pipeline, nopython mode."""
        manager = DefaultPassBuilder.define_nopython_pipeline(self.state)
        manager.passes = [
            (RememberedTyping, description) if kind is NopythonTypeInference else (kind, description)
            for kind, description in manager.passes
            if kind not in (InlineClosureLikes, NopythonRewrites)
        ]
        manager.finalize()
        return [manager]


class ApartCompiler(KernelCompiler):
    """The same for functions whose arguments share no memory that the function writes (C's ``restrict``)."""

    def define_pipelines(self) -> list[Any]:
        """The one pipeline, which tells LLVM so."""
        self.state.flags.noalias = True
        return super().define_pipelines()


@register_pass(mutates_CFG=True, analysis_only=False)
class RememberedTyping(NopythonTypeInference):
    """Type inference that asks Numba once for each operation on arguments of the same types."""

    _name = "jitad_type_inference"

    def run_pass(self, state: Any) -> bool:
        """Work out the types of a function."""
        context, state.typingctx = state.typingctx, _Remembering(state.typingctx)
        try:
            return bool(super().run_pass(state))
        finally:
            state.typingctx = context


class _Remembering:
    """A typing context that remembers the signatures of functions known to Numba."""

    def __init__(self, context: Any) -> None:
        self._context = context
        self._signatures: dict[Any, Any] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._context, name)

    def resolve_function_type(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The signature of a call, as Numba's context gives it."""
        if kwargs or not isinstance(function, types.Function):
            return self._context.resolve_function_type(function, args, kwargs)
        key = function, args
        if key not in self._signatures:
            found = self._context.resolve_function_type(function, args, kwargs)
            if found is None:
                return None
            self._signatures[key] = found
        return self._signatures[key]
