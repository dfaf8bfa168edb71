"""Tuples, named tuples, lists and dicts, as arguments, results and locals."""

from __future__ import annotations

from collections import namedtuple
from typing import NamedTuple

import numpy as np

from tests.corpus.case import kernel

Point = namedtuple("Point", ["x", "y"])  # noqa: PYI024


class Body(NamedTuple):
    """A body with a mass."""

    position: np.ndarray
    mass: float


@kernel(lambda d: ((1.3, 0.4),), compiled=True)
def tuple_argument(p):
    x, y = p
    return x * y + p[0] ** 2 - p[-1]


@kernel(lambda d: ((d.signed(3), (1.3, d.signed(2))),), compiled=True)
def nested_tuple_argument(p):
    a, (x, b) = p
    return np.sum(a * a) * x + b[0] * b[1] * x


@kernel(lambda d: (Point(1.3, 0.4),))
def named_tuple_argument(p):
    return p.x * p.y + p[0] ** 2 + np.sin(p.y)


@kernel(lambda d: (Body(d.signed(3), 1.4), Body(d.signed(3) + 3.0, 0.6)), argnums=(0, 1))
def named_tuples_of_arrays(a, b):
    r = a.position - b.position
    return -a.mass * b.mass / np.sqrt(np.sum(r * r))


@kernel(lambda d: ([1.3, 0.4, 0.9],), tags=("not-numba",))
def list_argument(p):
    return p[0] * p[1] + p[2] ** 2 * len(p)


@kernel(lambda d: ({"w": d.signed(3, 2), "b": d.signed(2), "scale": 0.7}, d.signed(4, 3)), tags=("not-numba",))
def dict_argument(params, x):
    y = np.tanh(x @ params["w"] + params["b"]) * params["scale"]
    return np.sum(y * y)


@kernel(
    lambda d: ([{"w": d.signed(3, 2), "b": d.signed(2)}, {"w": d.signed(2, 1), "b": d.signed(1)}], d.signed(4, 3)),
    tags=("not-numba",),
)
def layers_in_a_list_of_dicts(layers, x):
    for layer in layers:
        x = np.tanh(x @ layer["w"] + layer["b"])
    return np.sum(x * x)


@kernel(lambda d: (1.3, 0.4), argnums=(0, 1))
def local_tuples(x, y):
    p = (x * y, x + y)
    q = (p, p[0] * 2.0)
    (a, b), c = q
    p = (b, a)
    return a * b + c * p[0]


@kernel(lambda d: (1.3, 0.4), argnums=(0, 1))
def tuples_carried_by_a_loop(x, y):
    state = (x, y)
    for _ in range(4):
        state = (state[0] * 0.9 + state[1], state[1] - 0.1 * state[0] ** 2)
    return state[0] * state[1]


@kernel(lambda d: (1.3,))
def tuple_chosen_by_a_branch(x):
    if x > 1.0:
        p = (x, x * x)
    else:
        p = (0.0, x)
    return p[0] * p[1]


@kernel(lambda d: (1.3, 0.4), argnums=(0, 1))
def named_tuple_made_in_the_kernel(x, y):
    p = Point(x * y, y)
    q = Point(y=p.x, x=p.y)
    return q.x * p.x + q.y**2


@kernel(lambda d: ((d.signed(3), d.signed(3), d.signed(3)),))
def loop_over_a_tuple(arrays):
    total = 1.0
    for a in arrays:
        total = total * 0.5 + np.sum(a * a) * a[0]
    return total


@kernel(lambda d: (1.3, 0.4), argnums=(0, 1))
def local_list(x, y):
    values = [x, y, x * y]
    total = 0.0
    for v in values:
        total += v * v
    return total * values[1]


@kernel(lambda d: (1.3,), tags=("not-numba",))
def local_dict(x):
    d = {"a": x, "b": x * x}
    return d["a"] * d["b"]


@kernel(lambda d: (1.3, 0.4), argnums=(0, 1), tags=("vjp", "not-numba"))
def dict_result(x, y):
    return {"sum": x + y, "product": x * y, "both": (x, y * y)}


@kernel(lambda d: (Point(1.3, 0.4),), tags=("vjp",))
def named_tuple_result(p):
    return Point(p.x * p.y, p.y**2)


@kernel(lambda d: (d.signed(3), 1.3), argnums=(0, 1), tags=("vjp",))
def array_and_number_results(a, x):
    return (a * x, x * np.sum(a)), a[0] * x


@kernel(lambda d: ((d.signed(3), d.signed(3)), 3))
def tuple_of_arrays_updated(state, n):
    u, v = state
    for _ in range(n):
        for i in range(3):
            u[i] += 0.1 * v[i]
            v[i] -= 0.1 * u[i] ** 3
    return np.sum(u * v)


@kernel(lambda d: (d.signed(4), (1, 3)))
def tuple_of_integers_argument(a, at):
    i, j = at
    return a[i] * a[j] + a[at[0]] ** 2


@kernel(lambda d: (1.3, None))
def none_argument(x, offset):
    if offset is None:
        return x * x
    return x + offset


@kernel(lambda d: (1.1, 0.7), argnums=(0, 1), tags=("not-numba",))
def starred_assignment(x, y):
    a, *b, c = (x, y, x * y, x + y)
    first, *rest = b
    total = first
    for v in b:
        total += v * v
    *others, last = rest
    return total * a * c + last + len(others)
