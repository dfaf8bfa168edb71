"""Numbers side by side: compiled code does what the plain twins do, bit for bit."""

# ruff: noqa: F821 - the bodies of kernels are run with two sets of names

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from numba import njit
from numba.core.errors import TypingError

from jitad.runtime import lanes, memory, plain

NAMES = (
    *("load_lanes", "store_lanes", "accumulate_lanes", "splat", "lanes_to_float64", "lanes_to_float32"),
    *("guarded_product_lanes", "unit_lanes"),
)


def _twins(function):
    """The function compiled, and the same function with the plain twins."""
    plain_names = {name: getattr(plain, name) for name in (*NAMES, "view", "tape_array")}
    compiled_names = {name: getattr(lanes, name) for name in NAMES}
    compiled_names |= {name: getattr(memory, name) for name in ("view", "tape_array")}
    made = [
        type(function)(function.__code__, {**function.__globals__, **names}, function.__name__)
        for names in (compiled_names, plain_names)
    ]
    return njit(error_model="numpy")(made[0]), made[1]


def arithmetic(a, b, x, out):
    for i in range(a.shape[0]):
        u, v = load_lanes(4, a, i, 0), load_lanes(4, b, i, 0)
        store_lanes(out, 0, i, 0, u + v)
        store_lanes(out, 1, i, 0, u - v)
        store_lanes(out, 2, i, 0, u * v)
        store_lanes(out, 3, i, 0, u / v)
        store_lanes(out, 4, i, 0, -u)
        store_lanes(out, 5, i, 0, +u)
        store_lanes(out, 6, i, 0, x + u)
        store_lanes(out, 7, i, 0, u - x)
        store_lanes(out, 8, i, 0, x * u)
        store_lanes(out, 9, i, 0, u / x)
        store_lanes(out, 10, i, 0, x / u)
        store_lanes(out, 11, i, 0, splat(x, 4))
        store_lanes(out, 12, i, 0, u if i % 2 == 0 else v)


def guarded(a, b, out):
    u, v = load_lanes(4, a, 0, 0), load_lanes(4, b, 0, 0)
    store_lanes(out, 0, guarded_product_lanes(u, v))


def units(at, out, small):
    store_lanes(out, 0, unit_lanes(at, 4, "float64"))
    store_lanes(small, 0, unit_lanes(at - 1, 8, "float32"))


@pytest.mark.parametrize("at", [-3, 0, 2, 3, 4, 40])
def test_units(at: int) -> None:
    for run in _twins(units):
        out, small = np.empty(4), np.empty(8, np.float32)
        run(at, out, small)
        np.testing.assert_array_equal(out, np.arange(4) == at)
        np.testing.assert_array_equal(small, np.arange(8) == at - 1)


def test_zero_wins_in_guarded_products() -> None:
    a, b = np.array([[0.0, 0.0, 2.0, np.nan]]), np.array([[np.inf, 0.0, np.inf, 0.0]])
    compiled, in_python = _twins(guarded)
    for run in (compiled, in_python):
        out = np.empty(4)
        with np.errstate(all="ignore"):
            run(a, b, out)
        np.testing.assert_array_equal(out, [0.0, 0.0, np.inf, np.nan])


def carried(a, out):
    total = splat(a[0, 0], 4)
    for i in range(a.shape[0]):
        if i != 1:
            total = total * load_lanes(4, a, i, 0)
    store_lanes(out, 0, total)


def on_the_tape(tape, a):
    for i in range(3):
        store_lanes(tape, 1 + 4 * i, load_lanes(4, a, i, 0))
    block = tape_array(tape, 13, (2, 3, 4))
    turned = view(block, (0, 0, 0), (3, 2, 4), (1, 1, 1), (1, 0, 2), "A")
    backwards = view(turned, (2, 1, 0), (3, 2, 4), (-1, -1, 1), (0, 1, 2), "A")
    for i in range(3):
        store_lanes(turned, i, 0, 0, load_lanes(4, tape, 1 + 4 * i))
        accumulate_lanes(backwards, i, 0, 0, load_lanes(4, tape, 2 + 4 * i))
        accumulate_lanes(backwards, i, 0, 0, splat(a[0, 0], 4))


def converted(a, wide, narrow):
    store_lanes(narrow, 0, lanes_to_float32(load_lanes(4, a, 0, 0)))
    store_lanes(wide, 0, lanes_to_float64(load_lanes(4, a, 0, 0)))


SPECIAL = np.array([[0.0, -0.0, 1.5, np.inf], [-np.inf, np.nan, 1e-310, -2.5], [1 / 3, 3.0, -7.0, 0.1]])


def same_bits(a, b):
    """Equal numbers, signs of zeros included (not a number is equal to itself)."""
    np.testing.assert_array_equal(a, b)
    numbers = ~np.isnan(a)
    np.testing.assert_array_equal(np.signbit(a)[numbers], np.signbit(b)[numbers])


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_arithmetic(dtype):
    results = []
    with np.errstate(all="ignore"):
        for function in _twins(arithmetic):
            results.append(np.full((13, 3, 4), 7, dtype))
            function(SPECIAL.astype(dtype), SPECIAL[::-1].astype(dtype), dtype(0.7), results[-1])
    same_bits(*results)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_negated_zero_is_negative(dtype):
    out = np.zeros((13, 1, 4), dtype)
    _twins(arithmetic)[0](np.zeros((1, 4), dtype), np.ones((1, 4), dtype), dtype(1), out)
    assert np.signbit(out[4]).all()


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_carried_values_and_memory(dtype):
    a = np.linspace(0.5, 2.0, 12).reshape(3, 4).astype(dtype)
    for kernel, size in ((carried, 4), (on_the_tape, 37)):
        results = []
        for function in _twins(kernel):
            out = np.zeros(size + 1, dtype)[1:]  # aligned to nothing but elements
            function(*((a, out) if kernel is carried else (out, a)))
            results.append(out)
        same_bits(*results)
        assert results[0].any()


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_conversions(dtype):
    results = []
    for function in _twins(converted):
        wide, narrow = np.zeros(4), np.zeros(4, np.float32)
        function(np.full((1, 4), 1 / 3, dtype), wide, narrow)
        results.append(np.concatenate([wide, narrow.astype(np.float64)]))
    same_bits(*results)


def test_one_instruction_serves_all_lanes():
    function = _twins(arithmetic)[0]
    function(SPECIAL, SPECIAL, 0.7, np.zeros((13, 3, 4)))
    (text,) = function.inspect_llvm().values()
    for instruction in ("fadd", "fsub", "fmul", "fdiv", "fneg"):
        assert f"{instruction} <4 x double>" in text


def test_lanes_on_the_stack_stay_within_a_cache_line():
    function = _twins(carried)[0]
    function(SPECIAL, np.zeros(4))
    (text,) = function.inspect_llvm().values()
    assert "alignstack(64)" in text


def test_lanes_of_different_kinds_do_not_mix():
    wrong = njit(lambda a: lanes.load_lanes(4, a, 0) + lanes.load_lanes(2, a, 0))
    with pytest.raises(TypingError):
        wrong(np.zeros(4))
    store = lanes.store_lanes
    wrong = njit(lambda a, b: store(b, 0, lanes.load_lanes(4, a, 0)))
    with pytest.raises(TypingError, match="isn't lanes of float32"):
        wrong(np.zeros(4), np.zeros(4, np.float32))


def test_a_second_process_compiles_nothing(tmp_path):
    script = textwrap.dedent("""
        import numpy as np
        from jitad.building.compile import build, compilations
        from jitad.emission.emit import emit
        from jitad.transforms.lanes import lanes
        from jitad.transforms.tangent import tangent
        from tests.transforms.kernels import lorenz, program_of

        made = tangent(program_of(lorenz, 1.0, 1.0, 1.0, 9), (0, 1, 2)).program
        emitted = emit(lanes(made, (4, 5, 6), 4))
        tapes = [np.zeros(100, dtype) for dtype in emitted.tapes]
        directions = [np.arange(4.0) == k for k in range(3)]
        build(emitted)(1.0, 2.0, 3.0, 5, *(d.astype(float) for d in directions), *tapes)
        print(compilations(), *tapes[0][:4])
    """)
    environment = {**os.environ, "JITAD_CACHE_DIR": str(tmp_path / "cache"), "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", script]
    runs = [
        subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.split()
        for _ in range(2)
    ]
    assert [run[0] for run in runs] == ["1", "0"]
    assert runs[0][1:] == runs[1][1:]
    assert runs[0][1:4].count("0.0") == 0
    assert runs[0][4] == "0.0"
