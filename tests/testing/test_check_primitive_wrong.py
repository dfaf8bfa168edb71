"""``check_primitive`` fails wrong rules, with messages that name the primitive, the rule, the case and both numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest

import jitad
from jitad.plugin import ZERO, array, composite, scalar
from jitad.testing import check_primitive

B = np.array([1.0, -2.0, 0.5])
V = np.array([0.3, -0.7, 1.1])


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path_factory.getbasetemp() / "jitad-cache"
    folder.mkdir(mode=0o700, exist_ok=True)
    monkeypatch.setenv("JITAD_CACHE_DIR", str(folder))


# Wrong rules of functions of numbers


def cube(x):
    return x * x * x


def wedge(x, y):
    return x * math.sin(y)


def test_a_wrong_factor() -> None:
    @scalar(cube, implementation=cube, cases=[(2.0,)])
    def wrong(x, result):
        return 3.003 * x * x

    with pytest.raises(
        AssertionError,
        match=r"^primitive 'cube', the partial derivative by argument 0 \(wrong\), at \(2\.0,\): the derivative of the "
        r"result by argument 0 is 12\.012, but 12(\.0+\d*)? by differences \(estimated error [\d.]+e-\d\d\)\.$",
    ):
        check_primitive(wrong, compiled=False)


def test_a_missing_sign() -> None:
    @scalar(math.cos, name="cosine")
    def cosine(x, result):
        return math.sin(x)

    with pytest.raises(AssertionError, match=r"by argument 0 \(cosine\), .* is 0\.\d+, but -0\.\d+ by differences"):
        check_primitive(cosine, compiled=False)


def test_a_partial_that_ignores_the_other_argument() -> None:
    @scalar(wedge, implementation=wedge)
    def by_x(x, y, result):
        return math.sin(y)

    @by_x.partial
    def by_y(x, y, result):
        return math.cos(y)

    with pytest.raises(AssertionError, match=r"'wedge', the partial derivative by argument 1 \(by_y\), at \("):
        check_primitive(by_x, compiled=False)


def test_a_zero_that_is_none() -> None:
    @scalar(wedge, implementation=wedge)
    def by_x(x, y, result):
        return math.sin(y)

    by_x.partial(ZERO)
    with pytest.raises(AssertionError, match=r"by argument 1 \(declared zero\), .*: .* is 0, but \S+ by differences"):
        check_primitive(by_x, compiled=False)


def test_a_rule_that_is_right_to_first_order_only() -> None:
    @scalar(cube, implementation=cube, cases=[(2.0,)])
    def frozen(x, result):
        return 3.0 * jitad.stop_gradient(x) * x

    with pytest.raises(
        AssertionError,
        match=r"\(frozen\), second order, in reverse mode, at \(2\.0,\): the derivative of the derivative by",
    ):
        check_primitive(frozen, compiled=False)
    check_primitive(frozen, order=1, compiled=False)


def test_an_implementation_that_is_another_function() -> None:
    def other(x):
        return x * x * x * (1.0 + 1e-7)

    @scalar(cube, implementation=other, cases=[(2.0,)])
    def rule(x, result):
        return 3.0 * x * x

    with pytest.raises(
        AssertionError, match=r"'cube', its value, .*: the result is 8\.0000008 by jitad, but 8 by cube"
    ):
        check_primitive(rule, compiled=False)


def test_a_rule_that_is_wrong_in_single_precision() -> None:
    @scalar(cube, implementation=cube, cases=[(2.0,)])
    def rule(x, result):
        return 3.0 * x * x if x + 1e-10 != x else 0.0

    with pytest.raises(
        AssertionError, match=r"in forward mode, at \(2\.0,\) in float32: .* is 0 in float32, but \S+ in f"
    ):
        check_primitive(rule, compiled=False)


def test_compiled_code_that_differs(monkeypatch: pytest.MonkeyPatch) -> None:
    @scalar(cube, implementation=cube, plain=lambda x: x**3, cases=[(2.0,)])
    def rule(x, result):
        return 3.0 * x * x

    check_primitive(rule)

    def off(x):
        return x * x * x if x < 1.0 else x * x * x + 1.0

    @scalar(off, implementation=off, plain=lambda x: x**3, cases=[(2.0,)])
    def other(x, result):
        return 3.0 * x * x

    with pytest.raises(AssertionError, match=r"its value, at \(2\.0,\)( compiled)?: the result is"):
        check_primitive(other)


def test_special_points_are_exact() -> None:
    @scalar(abs, name="size", cases=[(0.5,)], special=[((0.0,), (0.5,)), ((1.0,), (1.0,))])
    def size(x, result):
        return 1.0 if x > 0 else (-1.0 if x < 0 else 0.5)

    check_primitive(size, compiled=False)

    @scalar(abs, name="size", cases=[(0.5,)], special=[((0.0,), (0.5,))])
    def other(x, result):
        return 1.0 if x > 0 else (-1.0 if x < 0 else 0.5 + 2e-16)

    with pytest.raises(
        AssertionError,
        match=r"\(other\), in reverse mode, at \(0\.0,\) \(a special point\): the derivative by argument 0 is "
        r"0\.5000000000000002, and 0\.5 is stated",
    ):
        check_primitive(other, compiled=False)


# Wrong rules of array primitives


def squares(**options):
    @array(cases=[(np.empty(3), V, B)], **options)
    def weigh_into(out, a, b):
        for i in range(a.size):
            out[i] = a[i] ** 2 * b[i]

    return weigh_into


def right_vjp(out, out_bar, a, a_bar, b, b_bar):
    if out_bar is not None:
        if a_bar is not None:
            a_bar += 2.0 * a * b * out_bar
        if b_bar is not None:
            b_bar += a**2 * out_bar


def right_jvp(out, out_dot, a, a_dot, b, b_dot):
    if a_dot is not None:
        out_dot += 2.0 * a * b * a_dot
    if b_dot is not None:
        out_dot += a**2 * b_dot


def test_right_rules_of_an_array_primitive() -> None:
    weigh_into = squares()
    weigh_into.vjp(right_vjp)
    weigh_into.jvp(right_jvp)
    check_primitive(weigh_into)


def overwrites(out, out_bar, a, a_bar, b, b_bar):
    if a_bar is not None:
        a_bar += 2.0 * a * b * out_bar
    if b_bar is not None:
        b_bar[:] = a**2 * out_bar


def changes_an_argument(out, out_bar, a, a_bar, b, b_bar):
    right_vjp(out, out_bar, a, a_bar, b, b_bar)
    a[0] = 0.0


def changes_the_adjoint(out, out_bar, a, a_bar, b, b_bar):
    right_vjp(out, out_bar, a, a_bar, b, b_bar)
    out_bar[1] = 0.0


def wrong_alone(out, out_bar, a, a_bar, b, b_bar):
    if a_bar is not None and b_bar is not None:
        a_bar += 2.0 * a * b * out_bar
    if b_bar is not None:
        b_bar += a**2 * out_bar


def by_one_half(out, out_bar, a, a_bar, b, b_bar):
    if a_bar is not None:
        a_bar += a * b * out_bar
    if b_bar is not None:
        b_bar += a**2 * out_bar


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (overwrites, r"vjp rule, at .*: it overwrites b_bar, and must add to it\.$"),
        (changes_an_argument, r"vjp rule, at .*: it changes a, which it must only read\.$"),
        (changes_the_adjoint, r"vjp rule, at .*: it changes out_bar, which it must only read\.$"),
        (
            wrong_alone,
            r"vjp rule, at .*: entry 0 of a_bar is 0 when only this adjoint is asked for, but \S+ when all are\.$",
        ),
        (
            by_one_half,
            r"vjp rule, at .*: the derivative of the results' weighted sum by .* is \S+, but \S+ by differences",
        ),
    ],
)
def test_wrong_reverse_rules(rule, message: str) -> None:
    weigh_into = squares()
    weigh_into.vjp(rule)
    weigh_into.jvp(right_jvp)
    with pytest.raises(AssertionError, match=rf"^primitive 'weigh_into', {message}"):
        check_primitive(weigh_into, compiled=False)


def twice_as_much(out, out_dot, a, a_dot, b, b_dot):
    if a_dot is not None:
        out_dot += 4.0 * a * b * a_dot
    if b_dot is not None:
        out_dot += a**2 * b_dot


def writes_the_result(out, out_dot, a, a_dot, b, b_dot):
    right_jvp(out, out_dot, a, a_dot, b, b_dot)
    b_dot[2] = 0.0


def slightly_off(out, out_dot, a, a_dot, b, b_dot):
    if a_dot is not None:
        out_dot += 2.0000000012 * a * b * a_dot
    if b_dot is not None:
        out_dot += a**2 * b_dot * 1.0000000006


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (
            twice_as_much,
            r"jvp rule, at .*: the derivative of the result\[0\]\[\d\] by .* is \S+, but \S+ by differences",
        ),
        (writes_the_result, r"jvp rule, at .*: it changes b_dot, which it must only read\.$"),
        (slightly_off, r"jvp rule and vjp rule, at .*: they disagree: w·\(J v\) is \S+, and \(w·J\) v is \S+\.$"),
    ],
)
def test_wrong_forward_rules(rule, message: str) -> None:
    weigh_into = squares()
    weigh_into.vjp(right_vjp)
    weigh_into.jvp(rule)
    with pytest.raises(AssertionError, match=rf"^primitive 'weigh_into', {message}"):
        check_primitive(weigh_into, compiled=False)


def test_functions_that_do_not_write_all_or_change_what_they_read() -> None:
    @array(cases=[(np.empty(3), V)])
    def all_but_one(out, a):
        for i in range(a.size - 1):
            out[i] = a[i]

    @array(cases=[(np.empty(3), V)])
    def in_place(out, a):
        for i in range(a.size):
            out[i] = a[i]
            a[i] = 0.0

    for definition, what in (
        (all_but_one, "it reads out, or doesn't write all of it"),
        (in_place, "it changes a, which"),
    ):
        definition.vjp(lambda out, out_bar, a, a_bar: None)
        with pytest.raises(AssertionError, match=f"the function itself, at .*: {what}"):
            check_primitive(definition, compiled=False)


def test_a_function_that_needs_another_layout_of_memory() -> None:
    @array(cases=[(np.empty(3), V)])
    def forwards_only(out, a):
        for i in range(a.size):
            out[i] = a[i] if a.strides[0] > 0 else 0.0

    @forwards_only.vjp
    def reverse(out, out_bar, a, a_bar):
        if out_bar is not None and a_bar is not None:
            a_bar += out_bar

    @forwards_only.jvp
    def forward(out, out_dot, a, a_dot):
        if a_dot is not None:
            out_dot += a_dot

    with pytest.raises(
        AssertionError, match=r"\(arrays with negative strides\): .* is 0 for arrays with .*, but \S+ for"
    ):
        check_primitive(forwards_only, compiled=False)


def test_an_accumulating_form_that_overwrites() -> None:
    weigh_into = squares()
    weigh_into.vjp(right_vjp)
    weigh_into.jvp(right_jvp)

    @weigh_into.accumulating
    def weigh_onto(out, a, b):
        for i in range(a.size):
            out[i] = a[i] ** 2 * b[i]

    with pytest.raises(
        AssertionError, match=r"'weigh_into', the accumulating form, at .*: entry 0 of out is \S+ after"
    ):
        check_primitive(weigh_into, compiled=False)


# Wrong definitions


def test_a_composite_that_widens_or_is_another_function() -> None:
    @composite(np.flip, cases=[(V,)])
    def widened(m):
        out = np.zeros(m.shape)
        out[:] = m[::-1]
        return out

    with pytest.raises(
        AssertionError, match=r"'flip', its value, .* in float32: .* dtype float64 by jitad, but float32 by"
    ):
        check_primitive(widened, compiled=False)

    @composite(np.std, cases=[(V,)])
    def other(a):
        return np.sqrt(np.sum((a - np.mean(a)) ** 2) / (a.size - 1))

    with pytest.raises(AssertionError, match=r"'std', its value, .* is 0\.\d+ by jitad, but 0\.\d+ by std\.$"):
        check_primitive(other, compiled=False)
