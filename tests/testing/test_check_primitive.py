"""``check_primitive`` passes all of jitad's primitives, and fails wrong rules with messages that name the place."""

from __future__ import annotations

import math

import numpy as np
import pytest

import jitad
from jitad.api.mode import mode
from jitad.errors import ArgumentError, RegistryError
from jitad.plugin import array, composite, scalar
from jitad.primitives import core, registry
from jitad.primitives.spec import Primitive
from jitad.testing import cases_of, check_primitive, primitives_of
from tests.plugins.solving import back_into, eliminate_into, forth_into, sincos_into, solved

COMPILED = ("hypot", "pow", "clip", "matmul", "nanmean", "select")
A = np.array([[4.0, 1.0, -0.5], [0.3, 3.0, 0.7], [-0.2, 0.4, 5.0]])
B = np.array([1.0, -2.0, 0.5])
V = np.array([0.3, -0.7, 1.1])


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path_factory.getbasetemp() / "jitad-cache"
    folder.mkdir(mode=0o700, exist_ok=True)
    monkeypatch.setenv("JITAD_CACHE_DIR", str(folder))


@pytest.mark.parametrize("p", [p for p in primitives_of("jitad") if p is not core.stopped], ids=str)
def test_all_of_jitads_primitives_pass(p: Primitive) -> None:
    check_primitive(p, compiled=False)


@pytest.mark.parametrize("name", COMPILED)
def test_some_of_them_compiled(name: str) -> None:
    check_primitive(name, cases_of(name)[:1], order=1)


def test_stop_gradient_has_the_derivative_that_it_states_and_no_other() -> None:
    check_primitive(core.stopped, cases=())
    with pytest.raises(AssertionError, match=r"'stop_gradient', .* \(declared zero\), .* is 0, but 1 by differences"):
        check_primitive(core.stopped, compiled=False)


def factors(a, b):
    lu = np.empty_like(a)
    eliminate_into(lu, a)
    return lu


@pytest.mark.parametrize("solve", [forth_into, back_into])
def test_an_inert_argument_follows_the_others(solve) -> None:
    check_primitive(solve, [(np.empty(3), factors, A, B)], compiled=False)
    with pytest.raises(AssertionError, match=r"'(forth|back)_into', vjp rule, .* by differences"):
        check_primitive(solve, [(np.empty(3), factors(A, B), A, B)], compiled=False)


def test_several_results_and_composites() -> None:
    check_primitive(sincos_into, [(np.empty(3), np.empty(3), V)])
    check_primitive(solved, [(A, B)], compiled=False)


def test_rules_in_one_mode_only() -> None:
    @array(cases=[(np.empty(3), V)])
    def double_into(out, a):
        for i in range(a.size):
            out[i] = 2.0 * a[i]

    @double_into.vjp
    def double_vjp(out, out_bar, a, a_bar):
        if out_bar is not None and a_bar is not None:
            a_bar += 2.0 * out_bar

    check_primitive(double_into, compiled=False)

    @composite(cases=[(V,)])
    def doubled(a):
        out = np.empty_like(a)
        double_into(out, a)
        return out

    check_primitive(doubled, order=1, modes=("rev",), compiled=False)
    with pytest.raises(jitad.MissingRuleError, match="has no forward rule"):
        check_primitive(doubled, compiled=False)


# Cases


def cube(x):
    return x * x * x


def test_drawn_cases_are_in_the_domain() -> None:
    assert all(x > 1.0 for (x,) in cases_of(np.arccosh))
    assert all(abs(x) < 1.0 for (x,) in cases_of("asin"))
    assert len(cases_of(np.sin)) == len(cases_of(math.hypot)) == 4
    assert cases_of("gcd")[0] == (5, 3)


def test_cases_may_be_drawn_by_the_primitive() -> None:
    @scalar(cube, implementation=cube, cases=[lambda random: (random.uniform(1.0, 2.0),)])
    def rule(x, result):
        return 3.0 * x * x

    ((x,),) = cases_of(rule)
    assert 1.0 < x < 2.0
    assert cases_of(rule) == cases_of(rule) != cases_of(rule, seed=1)
    check_primitive(rule, compiled=False)


def test_a_case_where_differences_cannot_tell_does_not_pass() -> None:
    with pytest.raises(
        AssertionError, match=r"'abs', .*, at \(0\.0,\): differences can't tell the derivative of the result"
    ):
        check_primitive(abs, [(0.0,)], compiled=False)


def test_a_partial_that_no_case_needs_does_not_pass() -> None:
    with pytest.raises(AssertionError, match=r"by argument 1, at .*: no case has a floating-point number there"):
        check_primitive(pow, [(2.0, 3)], compiled=False)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: check_primitive("no_such"), ArgumentError, "there is no primitive named 'no_such'"),
        (lambda: check_primitive(print), ArgumentError, "isn't a primitive"),
        (lambda: check_primitive(math.sin, order=3), ArgumentError, "order=3 isn't an order that is checked"),
        (lambda: check_primitive(math.sin, modes=("both",)), ArgumentError, "isn't a tuple of modes"),
        (lambda: check_primitive(math.sin, [0.5]), ArgumentError, "0.5 is no case of the primitive 'sin'"),
        (lambda: cases_of(solved), ArgumentError, "the primitive 'solved' states no cases, and none can be drawn"),
        (lambda: primitives_of("no_such"), RegistryError, "no plugin named 'no_such' is loaded"),
    ],
)
def test_what_cannot_be_checked_is_refused(make, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make()


def test_nothing_is_left_behind() -> None:
    before = mode.compiled, registry.primitives()
    check_primitive("exp", compiled=False)
    assert (mode.compiled, registry.primitives()) == before
