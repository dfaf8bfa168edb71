"""The checker finds broken programs and shows the place; the printer's text of a whole one."""

import pytest

from jitad.primitives import core
from jitad.primitives.draws import SAMPLERS, draw_normal
from jitad.program.builder import Builder, const_int
from jitad.program.checker import CheckError, check
from jitad.program.origin import Origin
from jitad.program.printer import show
from jitad.program.statements import (
    Block,
    Branch,
    Compute,
    Const,
    Load,
    Loop,
    Pop,
    Program,
    Push,
    Store,
    Var,
    counted_loop,
)
from jitad.program.types import BOOL, FLOAT32, FLOAT64, INT64, Array

X = Var("x", Array("float64", 1))


def program(*statements, params=(X,), results=()):
    block = Builder().block
    block.statements.extend(statements)
    return Program("f", list(params), block, list(results))


def summing():
    b = Builder()
    b.origin = Origin("kernel.py", 3, 0, 5, "    s += x[i]")
    index, total, result, inner = Var("i", INT64), Var("s", FLOAT64), Var("s", FLOAT64), b.nested()
    following = inner.plus(total, inner.load(X, [index]))
    length = b.dim(X, 0)
    start = [Const(0.0, FLOAT64)]
    b.add(Loop(index, const_int(0), length, const_int(1), [total], start, inner.block, [following], [result]))
    return Program("total", [X], b.block, [result])


def test_a_right_program_passes_and_prints():
    check(summing())
    lines = [line.split("#")[0].rstrip() for line in show(summing()).splitlines()]
    assert lines == [
        "program total(x: float64[:]):",
        "    x_dim0 = x.shape[0]",
        "    for i in range(0, x_dim0, 1) carrying s from 0.0:",
        "        x_i = x[i]",
        "        add = s + x_i",
        "        next add",
        "    -> s_2",
        "    return s_2",
    ]
    assert "# float64  kernel.py:3" in show(summing())


V, W, INDEX = Var("v", FLOAT64), Var("w", FLOAT32), Var("i", INT64)
ZERO = const_int(0)
LOAD = Load(V, X, (ZERO,))


@pytest.mark.parametrize(
    ("statements", "message"),
    [
        ([LOAD, Load(V, X, (ZERO,))], "v: float64 is bound twice"),
        ([Store(X, (ZERO,), V)], "v: float64 is read before it is bound"),
        ([Load(W, X, (ZERO,))], "w: float32 is an element of x: float64.:., of another dtype"),
        ([Load(V, X, (ZERO, ZERO))], "is indexed with 2 indices"),
        ([Load(V, X, (Const(1.0, FLOAT64),))], "the index 1.0: float64 isn't an integer"),
        ([Compute(V, core.add, (Const(1.0, FLOAT64),))], "takes 2 arguments"),
        ([Compute(V, core.neg, (X,))], "the operand x: float64.:. isn't a scalar"),
        ([LOAD, Push((V,)), Pop((W,))], "float32 is pushed 0 times and popped 1 times"),
        (
            [LOAD, Loop(INDEX, ZERO, ZERO, ZERO, [], [V], Builder().block, [], [])],
            "what a loop carries and starts from: 0 and 1 values",
        ),
        (
            [LOAD, Branch(Const(True, BOOL), Builder().block, [V], Builder().block, [V], [W])],
            "what a branch results in and yields: w: float32 and v: float64 have different types",
        ),
    ],
)
def test_broken_programs(statements, message):
    with pytest.raises(CheckError, match=message):
        check(program(*statements))


def test_a_name_of_an_inner_block_cannot_be_read_outside():
    inner = Builder()
    inner.add(Load(V, X, (ZERO,)))
    branch = Branch(Const(True, BOOL), inner.block, [], Builder().block, [], [])
    with pytest.raises(CheckError, match="v: float64 is read out of its scope") as caught:
        check(program(branch, Store(X, (ZERO,), V)))
    assert "->  x[0] = v" in str(caught.value)


def test_draws_in_an_order_free_loop_are_found() -> None:
    drawing = Program("drawing", [], Block(), [])
    builder = Builder(drawing.body)
    body = builder.nested()
    body.draw(SAMPLERS[draw_normal], ())
    loop = counted_loop(Var("i", INT64), (const_int(0), const_int(3), const_int(1)), body.block)
    builder.add(loop)
    check(drawing)
    loop.order_free = True
    with pytest.raises(CheckError, match="an order-free loop draws random numbers"):
        check(drawing)
