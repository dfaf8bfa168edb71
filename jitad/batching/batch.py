"""``batch``: a function for many samples at once."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from jitad.api.derivative import Table, plain_function, table_for
from jitad.api.gradient import refuse_uncallable
from jitad.api.leaves import name_of
from jitad.api.running import shared_memory
from jitad.api.structure import flatten
from jitad.batching.axes import Arguments, Axes, HostMemory, Leaf, Memory, checked_axes, take_apart
from jitad.batching.cpu import CpuRunner
from jitad.batching.evaluation import BatchRequest, Evaluation, asked_of
from jitad.batching.outputs import Part, assembled
from jitad.batching.work import Runner, Work
from jitad.errors import ArgumentError

SUM, EACH = "sum", "each"


def batch(
    f: Callable[..., Any] | None = None,
    in_axes: Axes = 0,
    out_axes: Axes = 0,
    *,
    target: str = "cpu",
    shared: str = SUM,
    threads: int | None = None,
    stream: Any = None,
) -> Any:
    """A function that evaluates ``f`` for many samples, in parallel.

    ``f`` is a kernel or any derivative function of jitad's: ``jitad.batch(jitad.grad(f))`` gives a gradient for each
    sample. Arguments have one axis more than those of ``f``; ``in_axes`` says which, as in ``jax.vmap``: one number for
    all, or a tuple with an entry for each positional argument. An entry is an axis, None for an argument that all
    samples share, or has the structure of the argument (tuples, lists, dicts) with these inside. A 1-d array gives each
    sample a number. Keyword arguments have their samples along the first axis. ``out_axes`` says in the same way where
    the samples go in the result: arrays with one axis more than the result of ``f``.

    Gradients (of ``grad`` and ``value_and_grad``) by what is shared are sums over the samples, in an order that
    doesn't depend on the number of threads; with ``shared="each"`` they are given for each sample, as ``jax.vmap``
    does. Jacobians and Hessians are always given for each sample.

    Samples run on as many threads as Numba's parallel loops (``numba.set_num_threads``), or as ``threads`` says, but no
    more than there are cores. Each thread has its own tape. Arguments are never changed: a kernel that updates one in
    place updates a copy of its own.

    With ``target="cuda"`` samples run on the current CUDA device, one thread a sample, on ``stream`` (numba-cuda's;
    None is the default one). NumPy arrays are copied there, and the results back. Arrays that are on the device (with
    ``__cuda_array_interface__`` or DLPack) are used where they are, or copied there if their samples aren't in C order;
    then results are numba-cuda's arrays there.

    Raises ArgumentError for arguments that don't fit ``in_axes`` or each other and for a batch of no samples;
    ShapeMismatchError for results of different shapes; UnsupportedCallError for a kernel that draws random numbers;
    CudaUnavailableError where CUDA isn't there, and UnsupportedOnCudaError for what it doesn't have; and what ``f``
    raises, with a note that names the first sample where it does.

    >>> import numpy as np
    >>> import jitad
    >>> def loss(weights, x):
    ...     return np.sum(weights * x) ** 2
    >>> xs = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    >>> jitad.batch(jitad.value_and_grad(loss), in_axes=(None, 0))(np.array([1.0, 2.0]), xs)
    (array([1., 4., 9.]), array([ 8., 10.]))
    >>> jitad.batch(jitad.grad(loss), in_axes=(None, 0), shared="each")(np.array([1.0, 2.0]), xs)
    array([[2., 0.],
           [0., 4.],
           [6., 6.]])
    """
    options = _checked_options(in_axes, out_axes, target, shared, threads, stream)

    def of(function: Any) -> Batch:
        refuse_uncallable(function)
        return Batch(function, *options)

    return of if f is None else of(f)


def _checked_options(
    in_axes: Axes, out_axes: Axes, target: Any, shared: Any, threads: Any, stream: Any
) -> tuple[Any, ...]:
    checked_axes(in_axes, "in_axes")
    checked_axes(out_axes, "out_axes")
    if target not in ("cpu", "cuda"):
        raise ArgumentError(f"target={target!r} isn't a target.", 'use "cpu" or "cuda".')
    _machine(target, stream)
    if shared not in (SUM, EACH):
        raise ArgumentError(
            f"shared={shared!r} doesn't say what becomes of gradients by shared arguments.", 'use "sum" or "each".'
        )
    if threads is not None and (isinstance(threads, bool) or not isinstance(threads, int) or threads < 1):
        raise ArgumentError(f"threads={threads!r} isn't a number of threads.", "use a positive integer, or None.")
    for name, value, other in (("threads", threads, "cuda"), ("stream", stream, "cpu")):
        if value is not None and target == other:
            raise ArgumentError(f"{name}={value!r} says nothing about target={target!r}.", "leave it out.")
    return in_axes, out_axes, target, shared == EACH, threads if target == "cpu" else stream


def _machine(target: str, stream: Any) -> tuple[Memory, type[Runner]]:
    """Where the arrays of a target live, and what runs there. Raises CudaUnavailableError where CUDA isn't there."""
    if target == "cuda":
        from jitad.cuda.batch_memory import CudaMemory
        from jitad.cuda.runner import CudaRunner
        from jitad.cuda.target import require_device

        require_device()
        return CudaMemory(stream), CudaRunner
    return HostMemory(), CpuRunner


class Batch:
    """A function of many samples; see ``batch``."""

    def __init__(self, function: Any, in_axes: Axes, out_axes: Axes, target: str, each: bool, workers: Any) -> None:
        functools.update_wrapper(self, plain_function(function), updated=())
        self.__wrapped__ = function
        self._kernel, self._asked = asked_of(function)
        self._in_axes = in_axes
        self._out_axes = out_axes
        self._each = each
        self._memory, self._runner = _machine(target, workers)
        self._workers = workers
        self._tables: dict[tuple[bool, ...], Table] = {}

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The results for all samples."""
        taken = take_apart(args, kwargs, self._in_axes, self._memory)
        evaluation, captured = self._evaluation(taken)
        leaves = [*taken.leaves, *[Leaf(array, False, array) for array in captured]]
        _check_memory(self._memory, evaluation.work, leaves)
        results, gradients = evaluation.run(leaves, taken.count, self._workers)
        work = evaluation.work
        parts = [Part(result, True, self._memory) for result in evaluation.parts(results)]
        parts += [Part(total, not summed, self._memory) for total, summed in zip(gradients, work.summed, strict=True)]
        return assembled(evaluation.tree, parts, self._out_axes)

    def _evaluation(self, taken: Arguments) -> tuple[Evaluation, list[np.ndarray]]:
        """What is compiled for samples of these types, and the captured arrays as they are now."""
        leaves: list[Any] = []
        keys = [flatten(arg, leaves) for arg in taken.args]
        keys += [(name, flatten(arg, leaves)) for name, arg in taken.named.items()]
        table = self._tables.get(batched := taken.batched)
        if table is None:
            request = BatchRequest(self._asked, batched, self._each, self._runner)
            table = self._tables[batched] = table_for(self._kernel, request)
        entry, captured = table.current(tuple(keys), taken.args, taken.named)
        return entry.evaluation([*leaves, *captured]), captured

    def __repr__(self) -> str:
        return f"<batch of {self.__wrapped__ if self._asked.request is not None else name_of(self._kernel)}>"


def _check_memory(memory: Memory, work: Work, leaves: Sequence[Leaf]) -> None:
    """Raises SharedMemoryError for arrays that share memory, if the kernel writes to one of them."""
    for written, other in work.conflicts:
        a, b = leaves[written].given, leaves[other].given
        if memory.may_share(a, b):
            raise shared_memory(work.reading, written, other)
