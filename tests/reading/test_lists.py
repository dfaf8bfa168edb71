"""Lists that change: what they do when the program runs, and the errors where a name couldn't say what they are."""

from __future__ import annotations

import numba
import numpy as np
import pytest
from numba import typed

import jitad
import jitad.errors as e
from tests.reading.driver import compare, read, run

X = np.array([0.3, 1.2, -0.7, 0.9, 1.7])
GLOBAL = [1.0, 2.0]
TABLE = {"a": 1.0}


def second_name(x):
    a = []
    b = a
    for v in x:
        a.append(v)
    return sum(a) + len(b)


def longer_by_an_update(x):
    a = [x[0]]
    b = a
    b += [x[1]]
    return len(a) * x[0]


def in_a_tuple(x):
    a = [v for v in x if v > 0]
    pair = (a, 1)
    a.append(2.0)
    return sum(pair[0])


def one_of_two(x):
    a, b = list(x), [1.0]
    c = a if x[0] > 0 else b
    a.append(1.0)
    return len(c)


def as_a_default(x):
    a = [1.0]
    f = lambda b=a: len(b)  # noqa: E731
    a.append(x[0])
    return f() * x[0]


def handed_back(x):
    def same(items):
        return items

    a = [1.0]
    b = same(a)
    a.append(x[0])
    return len(b) * x[0]


def out_of_a_loop(x):
    a = [1.0]
    pair = (a, [2.0])
    for b in pair:
        a.append(b[0])
    return a[0] * x[0]


def beside_a_change(x):
    def last(items, i):
        return items[-1] * i

    a = [1.0, x[0]]
    a.append(x[1])
    return last(a, a.pop())


def of_the_module(x):
    GLOBAL.append(x[0])
    return GLOBAL[0]


def of_the_module_renamed(x):
    mine = GLOBAL
    mine.append(x[0])
    return GLOBAL[0]


def of_the_caller(x):
    def more(items):
        items.append(1.0)

    a = [x[0]]
    more(a)
    return a[0]


def of_a_closure(x):
    a = [x[0]]

    def more():
        a.append(1.0)

    more()
    return a[0]


def while_running_over_it(x):
    a = list(x)
    for v in a:
        if len(a) < 20:
            a.append(v)
    return sum(a)


def of_arrays(x):
    rows = []
    for v in x:
        rows.append(x * v)
    return rows[0][0]


def of_numbers_and_tuples(x):
    a = []
    for v in x:
        a.append(v)
        a.append((v, v))
    return len(a) * x[0]


def a_sum_of_tuples(x):
    return sum([(v, 1.0) for v in x])[0]


def of_two_kinds(x):
    a = [0, 0, 0]
    a[1] = x[0]
    return a[1]


def one_row_twice(x):
    m = [[0.0] * 2] * 2
    m[0][1] = x[0]
    return m[1][1]


def a_slice_of_rows(x):
    m = [[v, 1.0] for v in x]
    part = m[1:]
    m[1][0] = 7.0
    return part[0][0]


def any_of_rows(x):
    return x[0] if any([[v, 1.0] for v in x]) else x[1]  # noqa: C419


def a_generator_with_a_name(x):
    terms = (v for v in x)
    return sum(terms) + sum(terms)


def a_generator_passed_on(x):
    def total(items):
        return sum(items)

    return total(v for v in x)


def assigned_inside(x):
    return sum([(y := v) for v in x]) + y


def a_dict_of_the_module(x):
    TABLE["a"] = x[0]
    return TABLE["a"]


def a_dict_with_two_names(x):
    d = {"a": 1.0}
    c = d
    d["a"] = x[0]
    return c["a"]


def a_matched_tuple(x):
    match (x[0], 1):
        case (a, 1):
            return a
    return 0.0


def an_update_at(x):
    np.add.at(x, np.array([0, 0]), 1.0)
    return x[0]


def a_quantile_by_a_method(x):
    return np.percentile(x, 30, method="lower")


def an_out_of_another_dtype(x):
    n = np.zeros(5, np.int64)
    np.multiply(x, 2.0, out=n)
    return n[0]


def an_out_of_another_shape(x):
    m = np.zeros((2, 5))
    np.sum(x.reshape(1, 5), axis=0, out=m)
    return m[0, 0]


def in_any_order(x):
    return x.reshape((5, 1)).ravel(order="K")[0]


def a_missing_module(x):
    import nowhere_at_all

    return nowhere_at_all.f(x)


@pytest.mark.parametrize(
    ("kernel", "error", "part"),
    [
        (second_name, e.KernelTypeError, "can't have two names here ('a' is the other one)"),
        (longer_by_an_update, e.KernelTypeError, "can't have two names here"),
        (in_a_tuple, e.KernelTypeError, "b = a.copy()"),
        (one_of_two, e.KernelTypeError, "can't have two names here"),
        (as_a_default, e.KernelTypeError, "can't have two names here"),
        (handed_back, e.KernelTypeError, "can't have two names here"),
        (out_of_a_loop, e.KernelTypeError, "can't have two names here"),
        (beside_a_change, e.KernelTypeError, "on a line of its own first"),
        (of_the_module, e.KernelTypeError, "'GLOBAL' is a list from outside of this function"),
        (of_the_module_renamed, e.KernelTypeError, "'mine' is a list or a dict from outside of the kernel"),
        (of_the_caller, e.KernelTypeError, "'items' is an argument"),
        (of_a_closure, e.KernelTypeError, "'a' is a list from outside of this function"),
        (while_running_over_it, e.KernelTypeError, "changes the length of 'a', which it runs over"),
        (of_arrays, e.KernelTypeError, "can't hold a 1-d array of float64"),
        (of_numbers_and_tuples, e.KernelTypeError, "items of different kinds"),
        (a_sum_of_tuples, e.KernelTypeError, "[p[0] for p in pairs]"),
        (of_two_kinds, e.KernelTypeError, "[0.0] instead of [0]"),
        (one_row_twice, e.KernelTypeError, "one and the same list"),
        (a_slice_of_rows, e.KernelTypeError, "A list of rows can't be sliced"),
        (any_of_rows, e.KernelTypeError, "A list of rows is no list of numbers"),
        (a_generator_with_a_name, e.KernelTypeError, "make a list: [... for ...]"),
        (a_generator_passed_on, e.UnsupportedCallError, "pass a list: [... for ...]"),
        (assigned_inside, e.UnsupportedSyntaxError, "changes 'y'"),
        (a_dict_of_the_module, e.KernelTypeError, "d = d.copy()"),
        (a_dict_with_two_names, e.KernelTypeError, "can't have two names here"),
        (a_matched_tuple, e.UnsupportedSyntaxError, "match statement with other patterns"),
        (an_update_at, e.UnsupportedCallError, "loop over the indices"),
        (a_quantile_by_a_method, e.UnsupportedCallError, "no parameter 'method'"),
        (an_out_of_another_dtype, e.KernelTypeError, "which an array of int64 can't keep"),
        (an_out_of_another_shape, e.ShapeMismatchError, "the one that it stores into has 2"),
        (in_any_order, e.KernelValueError, "depends on the memory"),
        (a_missing_module, e.KernelNameError, "No module named 'nowhere_at_all'"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_what_a_kernel_cannot_do_names_the_place_and_the_remedy(kernel, error, part):
    with pytest.raises(error) as caught:
        read(kernel, X)
    message = str(caught.value)
    assert part in message
    assert f'File "{__file__}", line' in message
    assert caught.value.remedy
    assert caught.value.origin.line > kernel.__code__.co_firstlineno - 1


def copied(x):
    a = list(x)
    b = a.copy()
    a.append(2.0)
    c = a + [1.0]  # noqa: RUF005
    c.append(3.0)
    a.append(4.0)
    return len(b), len(c), a[-1], c[-1], c[-2], sum(b)


def arrays_of_lists(x):
    a = list(x)
    b, c = np.array(a), np.asarray(a)
    a[0] = 100.0
    b[1] = 50.0
    return b, c, np.array(a), np.max(a), len(np.zeros(len(a)))


def rows_copied(x):
    m = [[v, 1.0] for v in x]
    n = m.copy()
    row = m[1]
    m[1][0] = 7.0
    row[1] = 8.0
    return n[1][0], m[1][1], len(n), np.array(n)


def two_and_one(x, n):
    a = [x]
    if n > 2:
        a.append(2.0)
    if n > 3:
        a = [4.0, 5.0, 6.0]
    return sum(a) * len(a) + (1.0 if a else 0.0)


def empty_lists(n):
    a = [float(i) for i in range(n)]
    return len(a), sum(a), len([v for v in a if v > 100.0]), 1.0 if a else 2.0


def lists_from_calls(x):
    def positive(values):
        kept = []
        for v in values:
            if v > 0:
                kept.append(v)
        return kept

    first = positive(x)
    first.append(10.0)
    second = positive(x * 2)
    return sum(first), len(first), sum(second), len(second)


def stepping_over(x):
    return sum([x[i] for i in range(4, -1, -2)]), len([i + 1 for i in range(3, 200, 7)]), sum([0 for _ in range(5, 5)])


@pytest.mark.parametrize(
    ("kernel", "args"),
    [
        (copied, (X,)),
        (arrays_of_lists, (X,)),
        (rows_copied, (X,)),
        (two_and_one, (1.5, 2)),
        (two_and_one, (1.5, 3)),
        (two_and_one, (1.5, 4)),
        (empty_lists, (0,)),
        (empty_lists, (5,)),
        (lists_from_calls, (X,)),
        (stepping_over, (X,)),
    ],
)
def test_lists_are_what_python_makes_of_them(kernel, args):
    compare(kernel, *args)


def typed_containers(x):
    squares = typed.List()
    for v in x:
        squares.append(v * v)
    whole = typed.List.empty_list(numba.int64)
    whole.append(len(x))
    named = typed.Dict.empty(numba.types.unicode_type, numba.float64)
    named["last"] = squares[-1]
    return named["last"] * whole[0]


def test_typed_containers_of_numba_are_lists_and_dicts():
    assert run(typed_containers, X) == X[-1] ** 2 * 5


def unpacked_zip(x):
    a, b = zip(*[(x[0], 1.0), (x[1], 2.0)], strict=False)
    return a[0] * a[1] + b[1]


def test_a_zip_of_known_length_is_unpacked():
    compare(unpacked_zip, X)


def failing_with_a_text(x):
    if x[0] > 0:
        raise ValueError("wrong: " + str(x[0]) + " at " + str(3))
    return x[0]


def test_texts_put_together_appear_in_messages():
    with pytest.raises(ValueError, match=r"wrong: \{x\[0\]\} at 3"):
        run(failing_with_a_text, X)


def too_short(x, n):
    a = [v for v in x if v > 0]
    for _ in range(n):
        a.pop()
    return a[0]


def nothing_is_smallest(x):
    return min([v for v in x if v > 100.0])


def test_lists_fail_as_in_python():
    assert run(too_short, X, 3) == 0.3
    with pytest.raises(IndexError, match="pop from empty list"):
        run(too_short, X, 5)
    with pytest.raises(ValueError, match="empty"):
        run(nothing_is_smallest, X)


def items_that_raise(x, kind):
    def refused(v):
        raise ValueError("refused")

    y = x[1]
    if x[0] > 0.0 and kind == 1:
        y = sum([refused(v) for v in (1.0, 2.0)])
    if x[0] > 0.0 and kind == 2:
        y = sum([refused(v) for v in x])
    if x[0] > 0.0 and kind == 3:
        y = sum(refused(v) for v in x)
    return y * 2.0


def test_items_that_raise_raise():
    assert run(items_that_raise, X, 0) == 2.4
    assert run(items_that_raise, -X, 1) == -2.4
    for kind in (1, 2, 3):
        with pytest.raises(ValueError, match="refused"):
            run(items_that_raise, X, kind)


def reporting(x):
    print("value", x[0], f"{x[1]:.3f}")
    return x[0] * x[1]


def test_derivatives_do_not_print(capsys):
    assert jitad.grad(reporting)(X)[0] == X[1]
    assert not capsys.readouterr().out
