"""Loops on threads: the same numbers as serial loops, on every run, and no two threads in one place."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from numba import get_num_threads, njit, prange, set_num_threads

import jitad
from jitad.api.mode import compiling
from jitad.emission import threads
from jitad.runtime import plain
from tests.corpus import cases
from tests.races import Races
from tests.test_corpus import flat

RNG = np.random.default_rng(11)
X = RNG.normal(size=70)
ROWS = RNG.normal(size=(40, 5))
PLACES = RNG.integers(0, 6, 90)
WEIGHTS = RNG.normal(size=(3, 5))


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks of a few iterations, so that small loops have several."""
    monkeypatch.setattr(threads, "LEAST_WORK", 8)
    monkeypatch.setattr(threads, "COPY_SHARE", 1)


def smooth(x):
    return np.sum(np.tanh(x) * np.exp(-x * x))


def log_sum(x):
    m = np.max(x)
    return m + np.log(np.sum(np.exp(x - m)))


def everyone_reads_one(x):
    total = 0.0
    for i in prange(x.shape[0]):
        total += np.sin(x[i]) * x[0]
    return total


def scattered(x, places):
    total = 0.0
    for i in prange(places.shape[0]):
        total += np.sin(x[places[i]]) * i
    return total * total


def scattered_rows(x, places):
    total = 0.0
    for i in prange(places.shape[0]):
        for j in range(x.shape[1]):
            total += x[places[i], j] ** 2 * (i + j)
    return total


def counted(x, places):
    bins = np.zeros(6)
    for i in prange(places.shape[0]):
        bins[places[i]] += x[places[i]] ** 2
    return np.sum(bins * bins)


def neighbours(x):
    total = 0.0
    for i in prange(x.shape[0] - 2):
        total += (x[i + 2] - 2.0 * x[i + 1] + x[i]) ** 2
    return total


def stored_neighbours(x):
    y = np.empty(x.shape[0])
    for i in prange(1, x.shape[0] - 1):
        y[i] = np.exp(x[i - 1]) - x[i + 1] * x[i]
    y[0] = y[-1] = 0.0
    return np.sqrt(np.sum(y * y))


def backwards(x):
    total = 0.0
    for i in prange(x.shape[0] - 1, 0, -2):
        total += np.exp(x[i]) * x[i - 1]
    return total


def layer(weights, x):
    total = 0.0
    for i in prange(x.shape[0]):
        for k in range(weights.shape[0]):
            a = 0.0
            for j in range(x.shape[1]):
                a += weights[k, j] * x[i, j]
            total += np.tanh(a)
    return total


def cross_entropy(logits, labels):
    total = 0.0
    for i in prange(logits.shape[0]):
        m = np.max(logits[i])
        total += m + np.log(np.sum(np.exp(logits[i] - m))) - logits[i, labels[i] % 5]
    return total / logits.shape[0]


def simulated(p, x):
    total = 0.0
    for i in prange(x.shape[0]):
        u = x[i]
        for _ in range(5):
            u = u + 0.1 * np.sin(u * p[0]) * p[1]
        total += u * u
    return total


def simulated_and_kept(p, x):
    y = np.zeros(x.shape[0])
    for i in prange(x.shape[0]):
        u = x[i]
        for _ in range(5):
            u = u + 0.1 * np.sin(u * p[0]) * p[1]
        y[i] = u
    return np.sum(y * y) ** 2


def own_arrays(x):
    total = 0.0
    for i in prange(x.shape[0]):
        b = np.empty(3)
        for k in range(3):
            b[k] = np.sin(x[i] * k)
        total += b[0] * b[1] + b[2] * b[2]
    return total


def while_inside(x):
    total = 0.0
    for i in prange(x.shape[0]):
        u = abs(x[i]) + 0.1
        while u < 3.0:
            u = u * 1.5 + 0.01 * u * u
        total += u
    return total


def searched(x):
    return np.max(x) * np.min(x[1:]) + x[np.argmax(np.sin(x))] * np.exp(np.max(-x))


def products_and_extremes(x):
    product, largest, count = 1.0, -10.0, 0
    for i in prange(x.shape[0]):
        product *= 1.0 + 0.1 * x[i]
        largest = max(largest, x[i])
        if x[i] > 0.0:
            count += 1
    return product * largest * count


def in_a_serial_loop(x):
    y = x.copy()
    for _ in range(3):
        z = np.empty(x.shape[0])
        for i in prange(x.shape[0]):
            z[i] = np.sin(y[i]) * y[i]
        y = z
    return np.sum(y)


def broadcast(x):
    wide = np.broadcast_to(x, (30, x.shape[0]))
    total = 0.0
    for i in prange(30):
        for j in range(x.shape[0]):
            total += np.sin(wide[i, j] * (i + 1.0))
    return total


def transposed(x):
    flipped = x.T
    total = 0.0
    for i in prange(x.shape[0]):
        column = flipped[1:, i]
        for j in range(column.shape[0]):
            total += np.exp(column[j])
    return total


def stepped(p, x):
    y = x.copy()
    for _ in range(3):
        z = np.zeros(x.shape[0])
        for i in prange(x.shape[0]):
            u = y[i]
            for _ in range(4):
                u = u + 0.1 * np.sin(u * p[0]) * p[1]
            z[i] = u
        for i in prange(x.shape[0]):
            y[i] = z[i] * z[i] * 0.5 + y[i]
    return np.sum(y)


def stored_twice(p, x):
    y = np.zeros((x.shape[0], 2))
    for i in prange(x.shape[0] - 1):
        u = x[i]
        for _ in range(4):
            u = u + 0.1 * np.sin(u * p[0]) * p[1]
        y[i + 1, 0] = u
        y[i + 1, 0] = u * u
        y[i, 1] = 1.0
        y[i, 1] = u
    return np.sum(np.sin(y))


def overwritten(p, x):
    y = x * p[0]
    total = np.sum(y * y)
    for i in prange(x.shape[0]):
        u = x[i]
        for _ in range(4):
            u = u + 0.1 * np.sin(u * p[0]) * p[1]
        y[i] = u
        total += u * u
    return total * np.sum(y * y)


def inputs_overwritten(p, x):
    y = x * p[0]
    z = np.zeros(x.shape[0])
    for i in prange(x.shape[0]):
        u = y[i]
        for _ in range(4):
            u = u + 0.1 * np.sin(u * p[0]) * p[1]
        z[i] = u
    for i in prange(x.shape[0]):
        y[i] = z[i] * y[i]
    return np.sum(y * y)


def pieces(p, x):
    y = np.zeros(x.shape[0])
    for i in prange(x.shape[0]):
        path = np.empty(4)
        path[0] = x[i]
        for k in range(1, 4):
            path[k] = path[k - 1] + 0.1 * np.sin(path[k - 1] * p[0]) * p[1]
        if x[i] > 0.0:
            path = path * path
        y[i] = np.sum(path)
    return np.sum(y * y)


KERNELS: dict[Callable[..., Any], tuple[Any, ...]] = {
    smooth: (X,),
    log_sum: (X,),
    everyone_reads_one: (X,),
    scattered: (X[:6], PLACES),
    scattered_rows: (ROWS[:6], PLACES),
    counted: (X[:6], PLACES),
    neighbours: (X,),
    stored_neighbours: (X,),
    backwards: (X,),
    layer: (WEIGHTS, ROWS),
    cross_entropy: (ROWS, PLACES[:40]),
    simulated: (np.array([0.3, 0.4]), X),
    simulated_and_kept: (np.array([0.3, 0.4]), X),
    own_arrays: (X,),
    while_inside: (X,),
    searched: (X,),
    products_and_extremes: (X,),
    in_a_serial_loop: (X,),
    stepped: (np.array([0.3, 0.4]), X),
    stored_twice: (np.array([0.3, 0.4]), X),
    overwritten: (np.array([0.3, 0.4]), X),
    inputs_overwritten: (np.array([0.3, 0.4]), X),
    pieces: (np.array([0.3, 0.4]), X),
    broadcast: (X[:7],),
    transposed: (ROWS,),
}

kernels = pytest.mark.parametrize(("f", "args"), KERNELS.items(), ids=[f.__name__ for f in KERNELS])


def greatest(x):
    kept = -1e9
    for i in prange(x.shape[0]):
        kept = max(kept, x[i])
    return x[0] * jitad.stop_gradient(kept)


def greatest_since_nan(x):
    kept = -1e9
    for i in prange(x.shape[0]):
        kept = kept if kept > x[i] else x[i]  # noqa: FURB136 - it isn't the same where there is a NaN
    return x[0] * jitad.stop_gradient(kept)


@pytest.mark.parametrize(("f", "loops"), [(greatest, 40), (greatest_since_nan, 0)])
def test_searches_on_threads_treat_nan_as_the_loop_does(f, loops, races):
    for at in range(40):
        x = RNG.permutation(np.arange(40.0)) - 40.0
        x[at] = np.nan
        x[at // 2] = 0.0 if at % 2 else -0.0
        np.testing.assert_array_equal(jitad.value_and_grad(f)(x)[0], f(x))
    assert races.loops == loops


def difference(f: Callable[..., Any], args: tuple[Any, ...]) -> tuple[np.ndarray, float]:
    """A direction, and the derivative of the plain function along it."""
    direction = np.random.default_rng(3).normal(size=args[0].shape)
    ahead, behind = (f(args[0] + h * direction, *args[1:]) for h in (1e-6, -1e-6))
    return direction, (ahead - behind) / 2e-6


@pytest.fixture
def races(monkeypatch: pytest.MonkeyPatch) -> Races:
    """Fails where two threads would meet; loops are cut into chunks of a few iterations."""
    found = Races()
    found.watch(monkeypatch)
    return found


@kernels
def test_the_gradient_in_chunks_is_the_gradient(f, args, races):
    value, gradient = jitad.value_and_grad(f, parallel=True)(*args)
    assert races.loops > 0 or f is products_and_extremes
    assert value == pytest.approx(f(*args), rel=1e-13)
    direction, slope = difference(f, args)
    assert np.sum(direction * gradient) == pytest.approx(slope, rel=1e-6, abs=1e-6)


@kernels
def test_other_derivatives_in_chunks(f, args, races):
    first, *rest = args
    direction, slope = difference(f, args)
    along = jitad.jvp(njit(parallel=True)(f), args, (direction,), argnums=(0,))[1]
    assert along == pytest.approx(slope, rel=1e-6, abs=1e-6)
    gradient = jitad.grad(f)
    wanted = (gradient(first + 1e-6 * direction, *rest) - gradient(first - 1e-6 * direction, *rest)) / 2e-6
    np.testing.assert_allclose(jitad.hvp(f, args, direction), wanted, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("case", cases(without=("vjp",))[::8], ids=lambda case: case.name)
def test_no_two_threads_meet_in_kernels_of_the_corpus(case, races):
    args = case.make_args()
    _, wanted = jitad.value_and_grad(case.function, argnums=case.argnums)(*args)
    _, gradients = jitad.value_and_grad(case.function, argnums=case.argnums, parallel=True)(*args)
    close = 1e-5 if "float32" in case.tags else 1e-11
    for gradient, expected in zip(flat(gradients), flat(wanted), strict=True):
        np.testing.assert_allclose(gradient, expected, rtol=close, atol=close)


def test_threads_that_meet_are_seen(races):
    x = np.zeros(8)

    def on_two(share: Callable[[int], None]) -> None:
        for worker in threads.in_turn(2):
            share(worker)

    on_two(lambda worker: plain.store(x, worker, 1.0))
    with pytest.raises(AssertionError, match="two threads write"):
        on_two(lambda worker: plain.accumulate(x, 3, 1.0))
    with pytest.raises(AssertionError, match="reads what another writes"):
        on_two(lambda worker: plain.store(x, worker, plain.load(x, 1 - worker)))


@pytest.fixture
def two_threads() -> Iterator[None]:
    before = get_num_threads()
    set_num_threads(min(2, before))
    yield
    set_num_threads(before)


def everything(weights, x, places):
    """One loop of each kind: copies for the chunks, every second chunk first, own tapes, rows, and a place for each."""
    y = np.empty(x.shape[0])
    for i in prange(x.shape[0]):
        y[i] = np.exp(x[i]) * x[i]
    total = 0.0
    for i in prange(x.shape[0] - 1):
        total += (x[i + 1] - x[i]) ** 2 * x[0]
    for i in prange(places.shape[0]):
        u = x[i]
        for _ in range(3):
            u = u + 0.1 * np.sin(u * weights[places[i], 0]) * weights[0, places[i] % 5]
        total += u * u
    return total + np.sqrt(np.sum(y * y))


def test_every_run_and_number_of_threads_gives_the_same_bits(compiled, small_chunks, two_threads):
    x, places = RNG.normal(size=500), RNG.integers(0, 3, 400)
    f = jitad.value_and_grad(everything, argnums=(0, 1))
    value, gradients = f(WEIGHTS, x, places)
    for count in [min(2, get_num_threads())] * 10 + [1]:
        set_num_threads(count)
        again, others = f(WEIGHTS, x, places)
        assert again == value
        assert all(np.array_equal(a, b) for a, b in zip(gradients, others, strict=True))
    direction, slope = difference(everything, (WEIGHTS, x, places))
    assert np.sum(direction * gradients[0]) == pytest.approx(slope, rel=1e-6)


def test_compiled_code_calls_loops_on_threads(compiled, small_chunks, two_threads):
    gradient = jitad.grad(simulated, parallel=True)

    @njit
    def step(p, x):
        return p - 0.1 * gradient(p, x)

    p = np.array([0.3, 0.4])
    np.testing.assert_allclose(step(p, X), p - 0.1 * gradient(p, X), rtol=1e-14)


def failing(x):
    total = 0.0
    for i in prange(x.shape[0]):
        if x[i] > 2.0:
            raise ValueError("too large")
        if x[i] < -2.0:
            raise KeyError("too small")
        total += np.sqrt(x[i] + 3.0)
    return total


def test_the_first_failure_is_the_one_that_is_raised(compiled, small_chunks, two_threads):
    gradient = jitad.grad(failing)
    x = np.zeros(1000)
    assert gradient(x)[5] == pytest.approx(0.5 / np.sqrt(3.0))
    x[700] = 5.0
    with pytest.raises(ValueError, match="too large"):
        gradient(x)
    x[400] = -5.0
    with pytest.raises(KeyError, match="too small"):
        gradient(x)


SCRIPT = """
import numpy as np
import jitad
from jitad.building.compile import compilations
from tests.api.test_parallel import cross_entropy, PLACES
x = np.linspace(-1.0, 1.0, 200_000).reshape(-1, 5)
print(jitad.value_and_grad(cross_entropy)(x, np.resize(PLACES, 40_000))[0], compilations())
"""


def test_a_second_process_compiles_nothing(compiled):
    runs = [subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True) for _ in "ab"]
    first, second = (run.stdout.split() for run in runs)
    assert first[0] == second[0]
    assert (int(first[1]) > 0, second[1]) == (True, "0")


def test_explain_tells_which_loops_run_on_threads():
    told = jitad.explain(jitad.grad(smooth, parallel=True), X)
    assert [line.split(" ", 3)[3].split(" ", 1)[1] for line in told.threads] == ["runs on threads"]
    assert "Threads\n=======" in str(told)
    told = jitad.explain(products_and_extremes, X)
    assert any("is serial: it carries more than sums" in line for line in told.threads)
    assert not jitad.explain(smooth, X).threads


def test_options_of_the_users_njit_are_kept():
    assert jitad.explain(njit(parallel=True)(smooth), X).threads
    with compiling():
        assert jitad.grad(smooth, parallel=True).request != jitad.grad(smooth).request
