"""One large evaluation on CUDA: which loops are kernels, that no two threads meet, and the CPU's gradients."""

from __future__ import annotations

from types import FunctionType
from typing import Any

import numpy as np
import pytest

import jitad

pytest.importorskip("numba_cuda", reason="needs jitad[cuda]")
from jitad.cuda.grid import job, kernels
from jitad.cuda.target import is_simulated
from tests.cuda.running import large_kernels as large
from tests.cuda.running.racing import Races
from tests.cuda.running.test_corpus_on_cuda import flat

RANDOM = np.random.default_rng(8)
MASSES = RANDOM.uniform(1.0, 2.0, size=7)

CASES: dict[str, tuple[tuple[Any, ...], tuple[int, ...]]] = {
    "chain": ((RANDOM.normal(size=300), RANDOM.normal(size=300)), (0, 1)),
    "of_matrices": ((RANDOM.normal(size=(5, 4)), RANDOM.normal(size=(4, 3))), (0, 1)),
    "neighbours": ((RANDOM.normal(size=40),), (0,)),
    "through_views": ((RANDOM.normal(size=20),), (0,)),
    "heat_by_turns": ((RANDOM.normal(size=12), 0.1, 3), (0, 1)),
    "heat_in_slices": ((RANDOM.normal(size=(5, 6)), 0.1, 2), (0, 1)),
    "steps_of_arrays": ((RANDOM.normal(size=9), 3), (0,)),
    "energy_of_pairs": ((RANDOM.normal(size=(7, 3)), MASSES), (0, 1)),
    "energy_of_others": ((RANDOM.normal(size=(7, 2)), MASSES), (0, 1)),
    "energy_of_each_pair_once": ((RANDOM.normal(size=(7, 3)), MASSES), (0, 1)),
    "orbits": ((RANDOM.normal(size=(5, 2)), RANDOM.normal(size=(5, 2)), MASSES[:5], 2), (0, 1, 2)),
    "looked_up": ((RANDOM.normal(size=6), RANDOM.integers(0, 6, size=30)), (0,)),
    "with_tapes": ((RANDOM.uniform(0.2, 1.0, size=6), np.array([3, 90, 0, 4, 1, 5])), (0,)),
}


def kernel_of(name: str) -> Any:
    """A kernel that nothing has been compiled of."""
    function = getattr(large, name)
    return FunctionType(function.__code__, function.__globals__, name)


def grids_of(derivative: Any) -> list[Any]:
    table = derivative._table
    (entry,) = [*table.entries.values(), *table.plain_entries.values()]
    return [kernel.grid for kernel in entry.driver.kernels]


def check(derivative: Any, name: str, rtol: float = 1e-11) -> None:
    args, argnums = CASES[name]
    found = derivative(*args)
    expected = jitad.value_and_grad(getattr(large, name), argnums=argnums)(*args)
    for actual, right in zip(flat(found), flat(expected), strict=True):
        assert type(actual) is type(right)
        np.testing.assert_allclose(actual, right, rtol=rtol, atol=rtol)


@pytest.mark.parametrize("name", CASES)
def test_gradients_and_races(name, monkeypatch):
    races = Races(monkeypatch) if is_simulated() else None
    derivative = jitad.value_and_grad(kernel_of(name), argnums=CASES[name][1], target="cuda")
    check(derivative, name)
    assert races is None or races.launches
    assert not any(grid.atomic for grid in grids_of(derivative))


@pytest.mark.parametrize("name", ["looked_up", "with_tapes"])
def test_atomic_sums(name):
    derivative = jitad.value_and_grad(kernel_of(name), target="cuda", deterministic=False)
    check(derivative, name)
    assert any(grid.atomic for grid in grids_of(derivative))
    assert not any(grid.private or grid.reach for grid in grids_of(derivative))


@pytest.mark.parametrize("name", ["heat_by_turns", "heat_in_slices", "neighbours"])
def test_stencils_are_gathered(name):
    derivative = jitad.grad(kernel_of(name), target="cuda")
    derivative(*CASES[name][0])
    assert not any(grid.private or grid.reach for grid in grids_of(derivative))
    assert {len(grid.loops) for grid in grids_of(derivative)} == {2 if name == "heat_in_slices" else 1}


@pytest.mark.parametrize("name", ["energy_of_pairs", "energy_of_others", "energy_of_each_pair_once", "orbits"])
def test_what_pairs_add_goes_to_the_thread_of_the_element(name):
    derivative = jitad.grad(kernel_of(name), argnums=CASES[name][1], target="cuda")
    derivative(*CASES[name][0])
    assert not any(grid.private or grid.reach for grid in grids_of(derivative))


def test_several_turns_of_few_threads(monkeypatch):
    monkeypatch.setattr(kernels, "BLOCK", 4)
    monkeypatch.setattr(job, "BLOCK", 4)
    monkeypatch.setattr(job, "MOST_BLOCKS", 3)
    for name in ("chain", "heat_in_slices", "energy_of_pairs"):
        check(jitad.value_and_grad(kernel_of(name), argnums=CASES[name][1], target="cuda"), name)


@pytest.mark.parametrize("elements", [1, 20, 1 << 20])
def test_copies_for_few_and_for_many_threads(monkeypatch, elements):
    monkeypatch.setattr(job, "COPIES_ELEMENTS", elements)
    derivative = jitad.value_and_grad(kernel_of("looked_up"), target="cuda")
    check(derivative, "looked_up")
    assert [grid.private[0].name for grid in grids_of(derivative)] == ["table_bar"]


def spread(x):
    total = 0.0
    for i in range(x.shape[0] - 2):
        if x[i] > 0.0:
            total += x[i] * x[i + 2]
    return total


def test_sums_that_reach_to_neighbours_run_in_phases(monkeypatch):
    if is_simulated():
        Races(monkeypatch)
    x = np.random.default_rng(1).normal(size=23)
    derivative = jitad.value_and_grad(spread, target="cuda")
    value, gradient = derivative(x)
    assert [grid.reach for grid in grids_of(derivative)] == [2]
    right, expected = jitad.value_and_grad(spread)(x)
    assert value == pytest.approx(right, rel=1e-13)
    np.testing.assert_allclose(gradient, expected, rtol=1e-13)


def checked(x):
    total = 0.0
    for i in range(x.shape[0]):
        if x[i] < 0.0:
            raise ValueError("too low")
        if x[i] > 3.0:
            raise KeyError("too high")
        total += np.sqrt(x[i])
    return total


@pytest.mark.parametrize(("bad", "error"), [((5, 9.0, 7, -1.0), KeyError), ((2, -1.0, 200, 9.0), ValueError)])
def test_the_first_iteration_that_fails_raises(bad, error):
    x = np.ones(300)
    x[bad[0]], x[bad[2]] = bad[1], bad[3]
    derivative = jitad.grad(checked, target="cuda")
    with pytest.raises(error, match="too"):
        derivative(x)
    np.testing.assert_allclose(derivative(np.ones(5)), 0.5 * np.ones(5))


def test_empty_arrays():
    value, (by_x, by_w) = jitad.value_and_grad(large.chain, argnums=(0, 1), target="cuda")(np.empty(0), np.empty(0))
    assert (value, by_x.shape, by_w.shape) == (0.0, (0,), (0,))


def test_float32():
    x = np.linspace(0.0, 1.0, 9, dtype=np.float32)
    found = jitad.grad(large.neighbours, target="cuda")(x)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, jitad.grad(large.neighbours)(x), rtol=1e-4)


def scaled(params, x):
    y = params["scale"] * x + params["shift"]
    return np.sum(y * y * CAPTURED), y


CAPTURED = np.asfortranarray(np.arange(6.0).reshape(2, 3))


def test_structures_aux_and_captured_arrays():
    params, x = {"scale": 1.5, "shift": np.ones((2, 3))}, np.linspace(0.0, 1.0, 6).reshape(2, 3)
    found = jitad.value_and_grad(scaled, has_aux=True, target="cuda")(params, x)
    expected = jitad.value_and_grad(scaled, has_aux=True)(params, x)
    assert list(found[1]) == ["scale", "shift"]
    for actual, right in zip(flat(found), flat(expected), strict=True):
        np.testing.assert_allclose(actual, right, rtol=1e-13)


def test_arrays_in_other_orders_of_memory():
    a, b = np.asfortranarray(RANDOM.normal(size=(5, 4))), RANDOM.normal(size=(8, 3))[::2]
    found = jitad.grad(large.of_matrices, argnums=(0, 1), target="cuda")(a, b)
    for actual, right in zip(found, jitad.grad(large.of_matrices, argnums=(0, 1))(a, b), strict=True):
        np.testing.assert_allclose(actual, right, rtol=1e-12)


# Arrays on the device


def test_results_stay_where_the_inputs_are():
    from numba import cuda

    (x, w), _ = CASES["chain"]
    derivative = jitad.value_and_grad(large.chain, argnums=(0, 1), target="cuda", stream=cuda.stream())
    expected = derivative(x, w)
    on_device = cuda.to_device(x)
    value, gradients = derivative(on_device, w)
    assert value == expected[0]
    for actual, right in zip(gradients, expected[1], strict=True):
        assert not isinstance(actual, np.ndarray)
        np.testing.assert_array_equal(actual.copy_to_host(), right)
    np.testing.assert_array_equal(on_device.copy_to_host(), x)


def in_place(x, y):
    x[1:] *= y[:-1]
    return np.sum(x * y)


def test_arguments_are_never_changed_nor_shared_with_what_is_written():
    from numba import cuda

    x, y = np.arange(4.0), np.ones(4) * 2.0
    derivative = jitad.grad(in_place, target="cuda")
    np.testing.assert_allclose(derivative(x, y), jitad.grad(in_place)(x, y))
    np.testing.assert_array_equal(x, np.arange(4.0))
    whole = cuda.to_device(np.arange(6.0))
    with pytest.raises(jitad.SharedMemoryError, match="'x' and 'y' share memory"):
        derivative(whole[:4], whole[2:])


def test_device_arrays_in_another_order():
    from numba import cuda

    numbers = np.random.default_rng(4).normal(size=(4, 6))
    gradient = jitad.grad(np.sum, target="cuda")(cuda.to_device(numbers)[:, ::2])
    np.testing.assert_array_equal(gradient.copy_to_host(), np.ones((4, 3)))
    gradient = jitad.grad(squares_by_columns, target="cuda")(cuda.to_device(numbers.T.copy()).T)
    np.testing.assert_allclose(gradient.copy_to_host(), jitad.grad(squares_by_columns)(numbers))


def squares_by_columns(a):
    return np.sum(a[:, 0] * a[:, 1] ** 2)


# What can't be done


def recurrence(x, a):
    for i in range(1, x.shape[0]):
        x[i] += a * x[i - 1]
    return x[-1]


def test_loops_in_order_over_elements_are_refused():
    with pytest.raises(jitad.UnsupportedOnCudaError) as caught:
        jitad.grad(recurrence, target="cuda")(np.ones(5), 0.5)
    assert "may need the order that they have" in str(caught.value)
    assert "for i in range(1, x.shape[0]):" in str(caught.value)
    assert "What to do: write it so that its iterations don't depend on each other" in str(caught.value)


def ordered(x):
    return np.sum(np.sort(x) * np.arange(x.size))


def test_library_calls_are_refused():
    with pytest.raises(jitad.UnsupportedOnCudaError, match="argsort of whole arrays") as caught:
        jitad.grad(ordered, target="cuda")(np.ones(5))
    assert "np.sort(x)" in str(caught.value)


def test_random_numbers_are_refused():
    def noisy(x):
        return np.sum(x * np.random.normal())  # noqa: NPY002

    with pytest.raises(jitad.UnsupportedOnCudaError, match="random generator of the host"):
        jitad.grad(noisy, target="cuda")(np.ones(3))


def test_memory_that_runs_out(monkeypatch):
    from numba import cuda

    def full(*args, **kwargs):
        raise RuntimeError("[2] Call to cuMemAlloc results in CUDA_ERROR_OUT_OF_MEMORY")

    (start, c, steps), _ = CASES["heat_by_turns"]
    derivative = jitad.grad(large.heat_by_turns, target="cuda")
    expected = derivative(start, c, steps)
    with monkeypatch.context() as patched:
        patched.setattr(cuda, "device_array", full)
        with pytest.raises(jitad.TapeOverflowError, match="no memory left for the arrays and the tape"):
            derivative(start, c, steps)
    np.testing.assert_array_equal(derivative(start, c, steps), expected)


def test_options_that_do_not_fit():
    with pytest.raises(jitad.ArgumentError, match="stream='s' says nothing about target='cpu'"):
        jitad.grad(large.chain, stream="s")
    with pytest.raises(jitad.ArgumentError, match="deterministic=False says nothing about target='cpu'"):
        jitad.grad(large.chain, deterministic=False)
    with pytest.raises(jitad.ArgumentError, match="target='gpu' isn't a target"):
        jitad.value_and_grad(large.chain, target="gpu")


def test_compiled_code_cannot_start_kernels():
    from numba import njit

    derivative = jitad.grad(large.neighbours, target="cuda")

    def called(x):
        return derivative(x) * 2.0

    with pytest.raises(Exception, match=r"(?i)untyped global|cannot determine numba type|typing"):
        njit(called)(np.ones(3))
