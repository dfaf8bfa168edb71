"""The evaluator, on programs built by hand."""

import math

import numpy as np
import pytest

from jitad.primitives import core, registry
from jitad.program.builder import Builder, const_int
from jitad.program.evaluator import evaluate
from jitad.program.statements import (
    AtOffset,
    Branch,
    Call,
    Const,
    Fail,
    Loop,
    OffsetOf,
    Pop,
    Program,
    Push,
    Release,
    Var,
    ViewAxis,
)
from jitad.program.types import BOOL, FLOAT64, INT64, Array

ZERO = const_int(0)
ONE = const_int(1)


def loop(builder, length, carried, body, **options):
    """A counted loop; ``body(builder, index, params)`` returns what it yields."""
    params = [Var("p", c.type) for c in carried]
    results = [Var("r", c.type) for c in carried]
    index, inner = Var("i", INT64), builder.nested()
    yields = body(inner, index, params)
    builder.add(Loop(index, ZERO, length, ONE, params, carried, inner.block, yields, results, **options))
    return results


def test_a_sum_of_squares():
    b, x = Builder(), Var("x", Array("float64", 1))

    def body(inner, index, params):
        value = inner.load(x, [index])
        return [inner.plus(params[0], inner.times(value, value))]

    (total,) = loop(b, b.dim(x, 0), [Const(0.0, FLOAT64)], body)
    program = Program("norm", [x], b.block, [total])
    (found,) = evaluate(program, [np.array([1.0, 2.0, 3.0])])
    assert found == 14.0 and isinstance(found, np.float64)
    (wide,) = evaluate(program, [np.array([1.0, 2.0, 3.0])], precision="longdouble")
    assert isinstance(wide, np.longdouble)


def test_longdouble_is_not_rounded():
    b, x = Builder(), Var("x", FLOAT64)
    narrow = b.cast(x, core.Scalar("float32"))
    program = Program("f", [x], b.block, [b.compute(registry.by_name("exp"), narrow)])
    (found,) = evaluate(program, [np.longdouble(1) / 3], precision="longdouble")
    assert found == np.exp(np.longdouble(1) / 3)


def test_a_conditional_loop_counts_and_a_descending_loop_reverses():
    b, n = Builder(), Var("n", INT64)
    x, head, body = Var("x", INT64), b.nested(), b.nested()
    go_on = head.compute(core.gt, x, ONE)
    half = body.compute(core.floordiv, x, const_int(2))
    result, count = Var("r", INT64), Var("count", INT64)
    options = {"condition_block": head.block, "condition": go_on, "count": count}
    b.add(Loop(Var("i", INT64), None, None, None, [x], [n], body.block, [half], [result], **options))

    def digits(inner, index, params):
        return [inner.plus(inner.times(params[0], const_int(10)), index)]

    (order,) = loop(b, const_int(4), [ZERO], digits, descending=True)
    assert evaluate(Program("f", [n], b.block, [result, count, order]), [37]) == [1, 5, 3210]


def test_views_alias():
    b, a = Builder(), Var("a", Array("float64", 2))
    diagonal = b.view(a, [ZERO, ZERO], [ViewAxis(const_int(2), 0, ONE)])
    backwards = b.view(diagonal, [ONE], [ViewAxis(const_int(2), 0, const_int(-1))])
    b.store(backwards, [ZERO], Const(7.0, FLOAT64))
    flat = b.reshape(a, [const_int(4)])
    program = Program("f", [a], b.block, [b.load(flat, [const_int(2)])])
    memory = np.arange(4.0).reshape(2, 2)
    assert evaluate(program, [memory]) == [7.0]
    assert memory[1, 0] == 7.0


@pytest.mark.parametrize("index", [-1, 2])
def test_an_index_outside_is_found(index):
    b, a = Builder(), Var("a", Array("float64", 1))
    program = Program("f", [a], b.block, [b.load(a, [const_int(index)])])
    with pytest.raises(AssertionError, match="outside a: float64"):
        evaluate(program, [np.zeros(2)])


def test_tape_arrays_keep_their_place_and_uninitialised_memory_is_poison():
    b = Builder()
    a = b.alloc("a", "float64", [const_int(3)], 2.0)
    u = b.alloc("u", "float64", [const_int(2)])
    at, again = Var("at", INT64), Var("again", Array("float64", 1))
    b.add(OffsetOf(at, a))
    b.add(AtOffset(again, at, (const_int(3),), a))
    b.store(again, [ONE], Const(5.0, FLOAT64))
    program = Program("f", [], b.block, [b.load(a, [ONE]), b.load(u, [ZERO]), at])
    found = evaluate(program, [])
    assert found[0] == 5.0 and math.isnan(found[1]) and found[2] == 0


def test_push_and_pop_share_the_tape_with_arrays():
    b, x = Builder(), Var("x", FLOAT64)
    first, second, flag = Var("first", FLOAT64), Var("second", FLOAT64), Var("flag", BOOL)
    b.add(Push((x, Const(True, BOOL), Const(2.0, FLOAT64))))
    b.add(Pop((first, flag, second)))
    assert evaluate(Program("f", [x], b.block, [first, flag, second]), [9.0]) == [9.0, True, 2.0]


def test_an_unbalanced_tape_is_found():
    b, x, y = Builder(), Var("x", FLOAT64), Var("y", FLOAT64)
    b.add(Push((x, x)))
    b.add(Pop((y,)))
    with pytest.raises(AssertionError, match="1 values pushed on the tape of float64 were never popped"):
        evaluate(Program("f", [x], b.block, [y]), [1.0])
    b.add(Release("float64", ZERO))
    with pytest.raises(AssertionError, match="drops values that were pushed"):
        evaluate(Program("f", [x], b.block, [y]), [1.0])


def test_fail_and_branch():
    b, x, result = Builder(), Var("x", FLOAT64), Var("r", FLOAT64)
    negative = b.compute(core.lt, x, Const(0.0, FLOAT64))
    then, otherwise = b.nested(), b.nested()
    then.add(Fail(Const(True, BOOL), ValueError, ("negative",)))
    b.add(Branch(negative, then.block, [x], otherwise.block, [otherwise.times(x, x)], [result]))
    program = Program("f", [x], b.block, [result])
    assert evaluate(program, [3.0]) == [9.0]
    with pytest.raises(ValueError, match="negative"):
        evaluate(program, [-3.0])


def test_integers_wrap_and_divide_as_numba_does():
    b, x, y = Builder(), Var("x", INT64), Var("y", INT64)
    results = [b.plus(x, ONE), b.compute(core.floordiv, y, ZERO), b.compute(core.mod, y, const_int(3))]
    results.append(b.compute(core.truediv, y, ZERO))
    found = evaluate(Program("f", [x, y], b.block, results), [2**63 - 1, -7])
    assert found == [-(2**63), 0, 2, -math.inf]


def test_matmul():
    b, x, y = Builder(), Var("x", Array("float64", 2)), Var("y", Array("float64", 2))
    out = b.alloc("out", "float64", [b.dim(x, 0), b.dim(y, 1)], 0.0)
    b.add(Call(registry.by_name("matmul"), (out,), (x, y)))
    b.add(Call(registry.by_name("matmul"), (out,), (x, y), accumulate=True))
    left, right = np.arange(6.0).reshape(2, 3), np.ones((3, 2))
    (found,) = evaluate(Program("f", [x, y], b.block, [out]), [left, right])
    np.testing.assert_array_equal(found, 2 * left @ right)
