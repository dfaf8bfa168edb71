"""Comprehensions, generator expressions, and lists that grow."""

from __future__ import annotations

import math

import numpy as np

from tests.corpus.case import kernel


@kernel(lambda d: (d.signed(6),), compiled=True)
def an_array_of_a_comprehension(x):
    def response(v):
        for w in x:
            if w > v:
                return math.sin(w) * v
        return v * v

    y = np.array([response(v) for v in x])
    return np.sum(y * y)


@kernel(lambda d: (d.signed(6),))
def a_comprehension_with_a_condition(x):
    large = [v * v for v in x if v > 0.5]
    return np.array(large)[0] * sum(large) + len(large)


@kernel(lambda d: (d.signed(5), d.signed(4)), argnums=(0, 1))
def a_comprehension_over_a_zip_and_enumerate(x, y):
    return sum([i * a * b for i, (a, b) in enumerate(zip(x, y))])


@kernel(lambda d: (d.signed(4), d.signed(3)), argnums=(0, 1))
def a_grid_by_nested_comprehensions(x, y):
    m = np.array([[math.exp(a * b) + i for b in y] for i, a in enumerate(x)])
    return np.sum(m[1:] * m[:-1])


@kernel(lambda d: (d.signed(4),))
def rows_of_known_length(x):
    m = np.array([[v, v * v, 1.0] for v in x])
    return np.sum(m @ m.T)


@kernel(lambda d: (d.signed(4),))
def a_comprehension_of_two_loops(x):
    pairs = [v * w for i, v in enumerate(x) for w in x[:i]]
    return np.prod(np.array(pairs[:3])) + pairs[-1]


@kernel(lambda d: (d.signed(5),))
def a_sum_of_a_generator(x):
    return sum(v * v * w for v in x for w in x if w > v) + sum((v for v in x), 2.0)


@kernel(lambda d: (d.signed(5),))
def a_name_that_a_comprehension_has_too(x):
    v = 1.0
    for i in range(3):
        v = v * x[i] + 0.5
        w = sum([v * 2.0 for v in x if v > 0])
        v += w
    return v * v


@kernel(lambda d: (d.signed(5),))
def extremes_of_generators(x):
    return max(v * w for v, w in zip(x, x[::-1])) * min([v for v in x if v > 0])


@kernel(lambda d: (d.signed(5),))
def a_generator_up_to_what_decides(x):
    found = any(x[i] > 1.0 and x[i + 1] < 5.0 for i in range(x.shape[0]))
    return x[0] ** 2 if found and not all(v > 0 for v in x) else x[1]


@kernel(lambda d: (d.signed(7),), compiled=True)
def a_list_that_grows_on_one_path(x):
    kept = []
    for v in x:
        if v > 0:
            kept.append(v * v)
    total = 0.0
    for v in kept:
        total += v * v
    return total + len(kept) + np.mean(np.array(kept))


@kernel(lambda d: (1.1, 30), compiled=True)
def a_trajectory_in_a_list(x, n):
    path = [x]
    for _ in range(n):
        path.append(math.sin(path[-1]) * x + 0.1 * path[len(path) // 2])
    return path[-1] * path[n // 2]


@kernel(lambda d: (d.positive(7),))
def a_tree_walked_with_a_stack(x):
    places = [0]
    depth = [1.0]
    total = 0.0
    while places:
        i, scale = places.pop(), depth.pop()
        total += scale * x[i] ** 2
        for j in (2 * i + 1, 2 * i + 2):
            if j < x.shape[0]:
                places.append(j)
                depth.append(scale * x[i])
    return total


@kernel(lambda d: (d.signed(5),))
def a_list_changed_in_all_ways(x):
    a = [v * v for v in x]
    a.extend(x)
    a += [1.0, x[1]]
    a.insert(2, x[0] * 3)
    a.insert(-100, x[2])
    first = a.pop(0) * a.pop(-2)
    b = a.copy()
    a.reverse()
    b[1] *= x[3]
    b[-1] = a[0] * b[0]
    a.clear()
    a.append(first)
    return a[0] * b[1] + b[-1] * b[4] + sum(b[2:5])


@kernel(lambda d: (d.signed(5),))
def a_list_of_known_length_that_grows(x):
    a = []
    for k in (1, 2, 3):
        a.append(x[k] * x[0])
    a.insert(1, x[4])
    last = a.pop()
    return a[0] * a[1] + last * len(a)


@kernel(lambda d: (d.signed(6),))
def a_list_repeated_and_filled(x):
    n = len(x)
    a = [0.0] * n
    b = [1.0, x[0]] * n
    for i in range(n):
        a[i] += x[i] ** 2
        a[i - 1] *= x[i]
    return sum(a) * b[n]


@kernel(lambda d: (d.signed(2, 3),))
def a_list_of_lists(a):
    m = [[0.0] * 3 for _ in range(2)]
    for i in range(2):
        for j in range(3):
            m[i][j] = a[i, j] ** 2 + m[i][j - 1]
    return m[0][1] * m[1][2]


@kernel(lambda d: (d.signed(6),))
def sorted_lists(x):
    up, down = sorted([v * v for v in x]), sorted(x, reverse=True)
    return up[0] * down[1] + (x[2] if 100.0 in up else 0.0)


@kernel(lambda d: (d.positive(4),))
def lists_that_follow_each_other(x):
    front = [x[0], x[1]]
    odd, even = [1.0], [x[3]]
    total = 0.0
    while len(front) < 7:
        after = []
        for v in front:
            after.append(v * x[2])
            if len(after) % 2 == 0:
                after.append(v)
        total += sum(front)
        front = after
        odd, even = even, odd
        odd.append(front[-1])
    return total * front[1] + odd[-1] * sum(even)


@kernel(lambda d: (d.signed(6),))
def a_list_of_tuples(x):
    events = []
    for i in range(len(x)):
        if x[i] > 0:
            events.append((i, x[i] ** 2))
    events.insert(1, (7, x[0]))
    at, last = events.pop()
    events[0] = (events[0][0], events[1][1] * x[1])
    total = last * at
    for i, (k, v) in enumerate(events):
        total += i * k * v
    events.reverse()
    return total + events[-1][1] * len(events[1:])


@kernel(lambda d: (d.signed(5), d.signed(5)), argnums=(0, 1))
def the_length_of_a_line(x, y):
    points = [(a, b) for a, b in zip(x, y)]
    total = 0.0
    for k in range(len(points) - 1):
        total += math.hypot(points[k + 1][0] - points[k][0], points[k + 1][1] - points[k][1])
    return total * np.sum(np.array(points) ** 2)


@kernel(lambda d: (d.positive(7),))
def a_tree_walked_with_pairs(x):
    pending = [(0, 1.0)]
    total = 0.0
    while len(pending) > 0:
        i, weight = pending.pop()
        total += weight * x[i]
        for j in (2 * i + 1, 2 * i + 2):
            if j < len(x):
                pending.append((j, weight * x[i]))
    return total


@kernel(lambda d: (d.signed(5),))
def integers_become_floats(x):
    a = [1]
    for v in x:
        a.append(a[-1] * v + 1)
    return a[3] * a[-1]


@kernel(lambda d: (d.signed(5),))
def a_list_of_complex_numbers(x):
    z = []
    for v in x:
        z.append(v + 1j)
        z.append(z[-1] * v)
    w = [a * a.conjugate() for a in z if abs(a) > 0.1]
    return sum(w).real + z[3].imag * z[2].real


@kernel(lambda d: (d.signed(5),))
def lists_of_functions_called_in_a_loop(x):
    def below(limit):
        found = []
        for v in x:
            if v < limit:
                found.append(v * limit)
        return found

    total = 0.0
    for limit in x:
        total += sum(below(limit))
    return total


@kernel(lambda d: (d.signed(4),))
def a_list_of_an_array_and_of_a_range(x):
    a, b = list(x), list(range(len(x)))
    a[0] = a[1] * x[2]
    return a[0] + a[b[-1]] * b[2]


@kernel(lambda d: (d.positive(3),))
def a_dict_filled_by_key(x):
    state = {}
    state["a"] = x[0]
    state["b"] = 1.0
    for i in range(3):
        state["b"] *= state["a"] + x[i]
        if x[i] > 1.0:
            state["a"] += x[i] * state["b"]
    return state["a"] * state["b"]
