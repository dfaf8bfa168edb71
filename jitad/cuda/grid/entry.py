"""The callables that ``grad`` and ``value_and_grad`` return for ``target="cuda"``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from jitad.analysis.plan import AUTO, RECOMPUTE
from jitad.api.derivative import Derivative, Entry, GradientRequest, describe_all, describe_named
from jitad.api.derived import Gradient
from jitad.api.differentiate import Reading, gradient_adjoint
from jitad.api.leaves import name_of
from jitad.api.running import conflicts, converter, rebuilder, shared_memory
from jitad.api.structure import flatten
from jitad.cuda.arrays import on_device, part_of
from jitad.cuda.batch_memory import CudaMemory
from jitad.cuda.grid.arguments import Arguments, is_array, take_apart
from jitad.cuda.grid.arrange import AS_IT_IS
from jitad.cuda.grid.build import build_driver
from jitad.cuda.grid.job import Capacity, Job, ShortTapeError
from jitad.cuda.target import cuda, is_refused, memory_for, release_memory
from jitad.errors import ArgumentError, UnsupportedOnCudaError
from jitad.program.types import Array
from jitad.reading.results import ResultTree, holds_complex
from jitad.transforms.adjoint import Adjoint


@dataclass(frozen=True)
class GridRequest(GradientRequest):
    """Ask for a gradient whose loops run as CUDA kernels; ``stream`` is numba-cuda's, or None."""

    deterministic: bool = True
    stream: Any = field(default=None, compare=False)

    def build(self, function: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> GridEntry:
        """Read, differentiate and emit a function for arguments of these types."""
        made = self.derive(function, describe_all(args), describe_named(kwargs))
        return GridEntry(made, deterministic=self.deterministic)

    def adjoint(self, reading: Reading, wrt: Sequence[int]) -> tuple[Adjoint, ResultTree]:
        """The adjoint of a kernel, with its sums as they come, and the tree of its result."""
        storage = RECOMPUTE if self.storage == AUTO else self.storage  # arithmetic costs threads less than memory
        return gradient_adjoint(reading, wrt, has_aux=self.has_aux, storage=storage, arranged=AS_IT_IS)


class GridEntry(Entry):
    """A gradient for arguments of some types; ``value`` and ``gradient`` put its results together."""

    def __init__(self, made: Gradient, *, deterministic: bool) -> None:
        super().__init__(made.reading)
        zeros = made.program.params[len(made.reading.program.params) :]
        self.driver = build_driver(made.program, zeros, deterministic=deterministic)
        self.value, self.gradient = rebuilder(made.value), rebuilder(made.gradient)
        self._is_complex = holds_complex(made.value) or holds_complex(made.gradient)
        self._params = made.reading.program.params
        self._wrt = made.wrt
        self._conflicts = conflicts(made.reading)
        self._capacity: Capacity = {}

    def run(self, taken: Arguments, captured: Sequence[np.ndarray], stream: Any) -> tuple[list[Any], list[Any]]:
        """The program's results, and the gradients in the order of ``wrt``; on the device if arguments are there."""
        self._check_memory([*taken.given, *captured])
        if taken.stay and self._is_complex:
            raise ArgumentError(
                "a result is complex, and results on a device are real.",
                "pass NumPy arrays, or return the real and the imaginary part.",
            )
        name, origin = self.driver.program.name.removesuffix("_adjoint"), self.driver.program.origin
        while True:
            try:
                with memory_for(f"the arrays and the tape of {name!r}", "free some of it, or pass smaller arrays."):
                    return self._run(Job(stream, self._capacity), [*taken.leaves, *captured], stay=taken.stay)
            except ShortTapeError:
                continue
            except Exception as error:
                release_memory()
                if is_refused(error):
                    raise UnsupportedOnCudaError(
                        f"numba-cuda can't compile {name!r}: {error}", "use the CPU.", origin
                    ) from error
                raise

    def _run(self, job: Job, leaves: Sequence[Any], *, stay: bool) -> tuple[list[Any], list[Any]]:
        given = [
            _uploaded(leaf, param.type, job.stream) if is_array(leaf) else leaf
            for leaf, param in zip(leaves, self._params, strict=True)
        ]
        arrays = [at for at in self._wrt if isinstance(self._params[at].type, Array)]
        bars = {
            at: cuda.device_array(tuple(given[at].shape), self._params[at].type.dtype, stream=job.stream)
            for at in arrays
        }
        found = self.driver.run(job, *given, *bars.values())
        count = len(found) - (len(self._wrt) - len(bars))
        numbers = iter(found[count:])
        gradients = [bars[at] if at in bars else next(numbers) for at in self._wrt]
        results = [self._kept(job, result, stay=stay) for result in found[:count]]
        gradients = [self._kept(job, one, stay=stay, own=True) for one in gradients]
        if stay:
            (job.stream or cuda).synchronize()
        return results, gradients

    def _kept(self, job: Job, value: Any, *, stay: bool, own: bool = False) -> Any:
        """A result for the caller; an array that isn't the caller's ``own`` yet is copied."""
        if not is_array(value):
            return converter(np.dtype(type(value)).name)(value)
        if not stay:
            return job.on_host(value)
        if own:
            return value
        made = cuda.device_array(tuple(value.shape), value.dtype, stream=job.stream)
        made.copy_to_device(value, stream=job.stream)
        return made

    def _check_memory(self, given: Sequence[Any]) -> None:
        """Raise SharedMemoryError for arrays that share memory, if the kernel writes to one of them."""
        memory = CudaMemory(None)
        for written, other in self._conflicts:
            if memory.may_share(given[written], given[other]):
                raise shared_memory(self.reading, written, other)


def _uploaded(array: Any, type_: Any, stream: Any) -> Any:
    """An array on the device, with the order of axes that its type says."""
    if isinstance(array, np.ndarray) and type_.layout == "F":
        turned = on_device(array.T, stream)
        return part_of(turned, (0,) * array.ndim, array.shape, turned.strides[::-1])
    return on_device(array, stream)


class GridDerivative(Derivative):
    """A gradient (and its value, with ``with_value``) whose loops run as CUDA kernels."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The gradient (after the value or before the aux, where these are asked for) for these arguments."""
        if kwargs or len(args) < self.least_count:
            args, kwargs = self._bound(args, kwargs)
        taken = take_apart(args, kwargs, self.request.stream)
        leaves: list[Any] = []
        keys = [flatten(arg, leaves) for arg in taken.args]
        keys += [(name, flatten(arg, leaves)) for name, arg in taken.named.items()]
        entry, captured = self._table.current(tuple(keys), taken.args, taken.named)
        results, gradients = entry.run(taken, captured, self.request.stream or 0)
        gradient = entry.gradient(gradients)
        if self._with_value:
            return entry.value(results), gradient
        return (gradient, entry.value(results)[1]) if self._request.has_aux else gradient

    @property
    def _numba_type_(self) -> Any:
        """Compiled code can't call what starts kernels."""
        raise AttributeError(f"{name_of(self._function)}: a derivative on CUDA is called from Python")

    def _what(self) -> str:
        return "gradient on CUDA"
