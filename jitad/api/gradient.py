"""``grad`` and ``value_and_grad``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from jitad.analysis.plan import AUTO, STORAGES
from jitad.api.derivative import Derivative, GradientRequest
from jitad.api.mode import bounds_checked
from jitad.errors import ArgumentError


def grad(
    f: Callable[..., Any] | None = None,
    argnums: int | Sequence[int] = 0,
    has_aux: bool = False,
    storage: str = AUTO,
    parallel: bool = False,
    *,
    target: str = "cpu",
    stream: Any = None,
    deterministic: bool = True,
) -> Any:
    """The gradient of a kernel with one floating-point result.

    The returned function takes the arguments of ``f`` and gives the gradient by argument ``argnums``, with that
    argument's structure, shape, dtype and kind: a float for a float, an array for an array, a tuple of gradients for a
    tuple of argnums. With ``has_aux`` the kernel returns ``(value, aux)``, and the result is ``(gradient, aux)``.
    By a complex number z = x + iy it is df/dx + i df/dy, the direction in which ``f`` grows fastest. Positions
    count from 0 or, negative, from the last positional argument of the call. Arguments are never changed. Also a
    decorator: ``@jitad.grad``, ``@jitad.grad(argnums=1)``. Numba knows the returned function: ``@njit`` code may
    call it, with what the kernel takes from outside as it is when the caller is compiled (see ``jitad.api.dispatch``).
    With ``parallel``, loops whose iterations may run in any order run on threads where they are large, as loops over
    ``numba.prange`` do without being asked; sums are then added in another order, which depends on the arguments'
    shapes and not on the number of threads.

    ``storage`` says how the reverse sweep gets values of the forward sweep that it can have in two ways: "auto" decides
    by costs, "record" puts them on the tape, "recompute" computes them again. The gradient is the same, time and memory
    are not; ``jitad.explain`` shows what was chosen.

    With ``target="cuda"`` the loops of both sweeps whose iterations may run in any order run as kernels on the current
    CUDA device, on ``stream`` (numba-cuda's; None is the default one); what is between them runs on the host. NumPy
    arrays are copied there, and gradients back. Arrays that are on the device (with ``__cuda_array_interface__`` or
    DLPack, in C order) are used where they are; then gradients are numba-cuda's arrays there. What several iterations
    add to one element is added in an order that depends on shapes alone, unless ``deterministic`` is false: then it is
    added by atomic operations, faster, and from run to run with other last digits. CudaUnavailableError is raised where
    CUDA isn't there, UnsupportedOnCudaError for loops that must run in order over an array's elements, and for what
    CUDA doesn't have.

    Raises ArgumentError for an argument that can't be differentiated, NonScalarResultError when the result
    isn't one floating-point number, SharedMemoryError when the kernel writes to an array that shares memory with
    another argument, and the errors of reading a kernel (see ``jitad.errors``).

    >>> import jitad
    >>> def volume(radius, height):
    ...     return 3.0 * radius * radius * height
    >>> jitad.grad(volume, argnums=(0, 1))(2.0, 5.0)
    (60.0, 12.0)
    """
    how = _Where(target, stream, deterministic)
    return _derivative(f, argnums, has_aux, storage, parallel, how, with_value=False)


def value_and_grad(
    f: Callable[..., Any] | None = None,
    argnums: int | Sequence[int] = 0,
    has_aux: bool = False,
    storage: str = AUTO,
    parallel: bool = False,
    *,
    target: str = "cpu",
    stream: Any = None,
    deterministic: bool = True,
) -> Any:
    """The value of a kernel and its gradient, computed together: ``(value, gradient)``.

    With ``has_aux`` it is ``((value, aux), gradient)``. Everything else is as for ``grad``.

    >>> import jitad
    >>> jitad.value_and_grad(lambda x: x * x)(3.0)
    (9.0, 6.0)
    """
    how = _Where(target, stream, deterministic)
    return _derivative(f, argnums, has_aux, storage, parallel, how, with_value=True)


@dataclass(frozen=True)
class _Where:
    """Where a derivative runs, and how sums are added there."""

    target: str
    stream: Any
    deterministic: bool

    def kinds(self) -> tuple[type[Derivative], Callable[..., GradientRequest]]:
        """The class of the derivative, and what makes its request.

        Raises ArgumentError for options that don't fit together, CudaUnavailableError where CUDA isn't there.
        """
        if self.target == "cuda":
            from jitad.cuda.grid.entry import GridDerivative, GridRequest
            from jitad.cuda.target import require_device

            require_device()
            return GridDerivative, partial(GridRequest, deterministic=bool(self.deterministic), stream=self.stream)
        if self.target != "cpu":
            raise ArgumentError(f"target={self.target!r} isn't a target.", 'use "cpu" or "cuda".')
        if self.stream is not None or not self.deterministic:
            name = "deterministic=False" if self.stream is None else f"stream={self.stream!r}"
            raise ArgumentError(f"{name} says nothing about target={self.target!r}.", "leave it out.")
        return Derivative, GradientRequest


def _derivative(
    f: Callable[..., Any] | None,
    argnums: int | Sequence[int],
    has_aux: bool,
    storage: str,
    parallel: bool,
    where: _Where,
    *,
    with_value: bool,
) -> Any:
    kind, request_of = where.kinds()
    how = bounds_checked(), checked_storage(storage), bool(parallel) or where.target == "cuda"
    request = request_of(checked_argnums(argnums), bool(has_aux), *how)

    def of(function: Any) -> Derivative:
        refuse_uncallable(function)
        return kind(function, request, with_value=with_value)

    return of if f is None else of(f)


def refuse_uncallable(function: Any) -> None:
    """Raises ArgumentError for what isn't a function."""
    if not callable(function):
        raise ArgumentError(
            f"A function was expected to differentiate, not {function!r}.",
            "pass the function itself, f, not the result of a call, f(x).",
        )


def checked_argnums(argnums: Any) -> int | tuple[int, ...]:
    """``argnums`` as an int or a tuple of ints. Raises ArgumentError for anything else."""
    if _is_position(argnums):
        return int(argnums)
    if isinstance(argnums, Sequence) and not isinstance(argnums, str) and argnums and all(map(_is_position, argnums)):
        return tuple(int(argnum) for argnum in argnums)
    raise ArgumentError(
        f"argnums={argnums!r} isn't a position or a tuple of positions.",
        "use an int such as 0, or a tuple such as (0, 1).",
    )


def checked_storage(storage: Any) -> str:
    """``storage``, if it is one of ``STORAGES``. Raises ArgumentError for anything else."""
    if isinstance(storage, str) and storage in STORAGES:
        return storage
    raise ArgumentError(
        f"storage={storage!r} isn't a way to get values for the reverse sweep.",
        f"use one of {', '.join(map(repr, STORAGES))}.",
    )


def _is_position(argnum: Any) -> bool:
    return hasattr(argnum, "__index__") and not isinstance(argnum, bool)
