"""Run derivatives without compiling anything, on the evaluator: slow, and simple enough to be trusted.

A kernel is read, transformed and evaluated statement by statement, with every access and the balance of the tape
checked. Use it to find out whether a wrong number comes from the transform or from the compiled code.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from jitad.errors import NonScalarResultError

if TYPE_CHECKING:
    from jitad.program.statements import Program
    from jitad.reading.kernel import Kernel
    from jitad.transforms.adjoint import Adjoint


def uncompiled_value_and_grad(
    function: Callable[..., Any], args: Sequence[Any], argnums: int | Sequence[int] = 0
) -> tuple[Any, Any]:
    """The value of a kernel and its gradient by the arguments at ``argnums``, evaluated in Python.

    The gradient has the structure of the argument, or is a tuple for several ``argnums``. The arguments stay as
    they are.
    Raises NonScalarResultError when the kernel's result isn't one floating-point number, and what reading raises.
    """
    run = Uncompiled(function, args)
    value, leaves = run.value_and_gradient(run.leaf_positions(argnums))
    return value, run.in_structure(argnums, leaves)


@dataclass(frozen=True)
class Uncompiled:
    """A kernel read for these arguments. ``leaves`` are the numbers and arrays that its program takes."""

    function: Callable[..., Any]
    args: Sequence[Any]

    @cached_property
    def kernel(self) -> Kernel:
        """The kernel as it was read."""
        from jitad.api.structure import describe
        from jitad.reading.kernel import read_kernel

        return read_kernel(self.function, [describe(arg, f"argument {i}") for i, arg in enumerate(self.args)])

    @property
    def program(self) -> Program:
        """The kernel's program."""
        return self.kernel.program

    @cached_property
    def _groups(self) -> list[list[Any]]:
        from jitad.api.structure import flatten

        groups: list[list[Any]] = []
        for arg in self.args:
            groups.append([])
            flatten(arg, groups[-1])
        return groups

    @cached_property
    def leaves(self) -> list[Any]:
        """The values of the program's parameters: the arguments' leaves and then the captured arrays."""
        from jitad.api.structure import flatten

        captured: list[Any] = []
        for capture in self.kernel.captures:
            flatten(capture.getter(), captured)
        return [leaf for group in self._groups for leaf in group] + captured

    def fresh_leaves(self) -> list[Any]:
        """Copies of the leaves, arrays in their own order of axes and strides as far as that is contiguous."""
        return [leaf.copy(order="K") if isinstance(leaf, np.ndarray) else leaf for leaf in self.leaves]

    def leaf_positions(self, argnums: int | Sequence[int]) -> list[int]:
        """The positions among the leaves of the floating-point ones of these arguments."""
        positions: list[int] = []
        for argnum in [argnums] if isinstance(argnums, int) else argnums:
            first = sum(len(group) for group in self._groups[:argnum])
            positions.extend(first + i for i in range(len(self._groups[argnum])))
        return [position for position in positions if self.program.params[position].type.is_float]

    def value(self) -> Any:
        """What the program computes, put together as the kernel returns it."""
        from jitad.program.evaluator import evaluate
        from jitad.reading.results import rebuild
        from jitad.transforms.expand import expand

        return rebuild(self.kernel.result, evaluate(expand(self.program), self.fresh_leaves()))

    def adjoint(self, positions: Sequence[int], *, seeded: bool = False) -> Adjoint:
        """The adjoint program by the leaves at ``positions``."""
        from jitad.transforms.adjoint import adjoint

        return adjoint(self.program, positions, seeded=seeded)

    def value_and_gradient(self, positions: Sequence[int]) -> tuple[Any, list[Any]]:
        """The value of a kernel with one floating-point result, and its derivative by the leaves at ``positions``."""
        floating = [result for result in self.program.results if result.type.is_float]
        if len(self.program.results) != 1 or len(floating) != 1 or hasattr(floating[0].type, "ndim"):
            raise NonScalarResultError(
                f"{self.program.name} doesn't return one floating-point number.", "use pullback(), or jitad.vjp."
            )
        results, gradients = self.pullback(positions, None)
        return results[0], gradients

    def pullback(self, positions: Sequence[int], cotangents: Sequence[Any] | None) -> tuple[list[Any], list[Any]]:
        """The program's results, and the cotangents of the leaves at ``positions``.

        ``cotangents`` has a number or an array for each floating-point result in order; None means one result and 1.
        """
        from jitad.program.evaluator import evaluate
        from jitad.program.statements import array_type
        from jitad.program.types import Array
        from jitad.transforms.expand import expand

        made = self.adjoint(positions, seeded=cotangents is not None)
        params = [self.program.params[position] for position in positions]
        buffers: dict[int, np.ndarray] = {}
        for position, param in zip(positions, params, strict=True):
            if isinstance(param.type, Array):
                order: Any = "F" if array_type(param).layout == "F" else "C"
                buffers[position] = np.zeros(np.shape(self.leaves[position]), param.type.dtype, order=order)
        seeds = [] if cotangents is None else [np.array(c, order="C") for c in cotangents]
        outputs = evaluate(expand(made.program), [*self.fresh_leaves(), *seeds, *buffers.values()])
        count = len(self.program.results)
        scalars = iter(outputs[count:])
        return outputs[:count], [buffers[p] if p in buffers else next(scalars) for p in positions]

    def in_structure(self, argnums: int | Sequence[int], leaves: Sequence[Any]) -> Any:
        """The leaves of a gradient in the structure of the arguments that they belong to."""
        rest = iter(leaves)
        if isinstance(argnums, int):
            return _like(self.args[argnums], rest)
        return tuple(_like(self.args[argnum], rest) for argnum in argnums)


def _like(arg: Any, leaves: Any) -> Any:
    """The next leaves in the structure of ``arg``; what isn't floating-point has no gradient (None)."""
    from jitad.primitives.views import view_as_complex
    from jitad.reading.results import make_sequence

    if isinstance(arg, dict):
        return {key: _like(item, leaves) for key, item in arg.items()}
    if isinstance(arg, tuple | list):
        return make_sequence(type(arg), [_like(item, leaves) for item in arg])
    kind = "" if arg is None else np.asarray(arg).dtype.kind
    if kind == "c":
        return view_as_complex(next(leaves)) if isinstance(arg, np.ndarray) else complex(next(leaves), next(leaves))
    return next(leaves) if kind == "f" else None
