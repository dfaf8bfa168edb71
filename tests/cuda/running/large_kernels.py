"""Kernels that are work for many threads."""

from __future__ import annotations

import math

import numpy as np


def chain(x, w):
    y = np.sin(x) * w + x * x
    return np.sum(np.tanh(y) * x)


def of_matrices(a, b):
    c = np.maximum(a @ b, 0.0)
    return np.sum(c * c) + np.max(a) * a[0, 1] + np.sum(a[1:, ::2] * a[:-1, 1::2])


def neighbours(x):
    total = 0.0
    for i in range(x.shape[0] - 1):
        total += 100.0 * (x[i + 1] - x[i] ** 2) ** 2 + (1.0 - x[i]) ** 2
    return total


def through_views(x):
    left, right = x[:-1], x[::-1][:-1]
    total = 0.0
    for i in range(left.shape[0]):
        total += (right[i] - left[i]) ** 2 * left[i]
    following = x[1:]
    for i in range(left.shape[0]):
        total += (following[i] - left[i]) ** 2
    return total


def heat_by_turns(start, c, steps):
    u, v = start.copy(), start.copy()
    for _ in range(steps):
        for i in range(1, u.shape[0] - 1):
            v[i] = u[i] + c * (u[i - 1] - 2.0 * u[i] + u[i + 1]) + 0.01 * u[i] ** 3
        u, v = v, u
    return np.sum(u * u)


def heat_in_slices(start, c, steps):
    u = start.copy()
    for _ in range(steps):
        v = u.copy()
        around = u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:]
        v[1:-1, 1:-1] = u[1:-1, 1:-1] + c * (around - 4.0 * u[1:-1, 1:-1])
        u = v * np.exp(-0.1 * v * v)
    return np.sum(u * u)


def steps_of_arrays(start, steps):
    u = start.copy()
    for _ in range(steps):
        u = u + 0.1 * np.sin(u)
    return np.sum(u * u)


def energy_of_pairs(x, m):
    total = 0.0
    for i in range(x.shape[0]):
        potential = 0.0
        for j in range(x.shape[0]):
            dx, dy, dz = x[i, 0] - x[j, 0], x[i, 1] - x[j, 1], x[i, 2] - x[j, 2]
            potential += m[j] / math.sqrt(dx * dx + dy * dy + dz * dz + 0.01)
        total += m[i] * potential
    return 0.5 * total


def energy_of_others(x, m):
    total = 0.0
    for i in range(x.shape[0]):
        for j in range(x.shape[0]):
            if i != j:
                distance = math.hypot(x[i, 0] - x[j, 0], x[i, 1] - x[j, 1])
                total += m[i] * m[j] / distance
            else:
                total += x[i, 0] * m[i]
    return 0.5 * total


def energy_of_each_pair_once(x, m):
    total = 0.0
    for i in range(x.shape[0]):
        for j in range(i + 1, x.shape[0]):
            square = 0.01
            for k in range(x.shape[1]):
                square += (x[i, k] - x[j, k]) ** 2
            total += m[i] * m[j] / math.sqrt(square)
    return total


def orbits(x0, v0, m, steps):
    x, v = x0.copy(), v0.copy()
    f = np.zeros(x.shape)
    for _ in range(steps):
        for i in range(x.shape[0]):
            fx = fy = 0.0
            for j in range(x.shape[0]):
                dx, dy = x[j, 0] - x[i, 0], x[j, 1] - x[i, 1]
                square = dx * dx + dy * dy + 0.01
                weight = m[j] / (square * math.sqrt(square))
                fx += weight * dx
                fy += weight * dy
            f[i, 0], f[i, 1] = fx, fy
        v += 0.01 * f
        x += 0.01 * v
    return np.sum(x * x) + np.sum(v * v)


def looked_up(table, places):
    total = 0.0
    for i in range(places.shape[0]):
        total += table[places[i]] ** 2 * (i + 1)
    return total


def with_tapes(x, turns):
    total = 0.0
    for i in range(x.shape[0]):
        y = x[i]
        for _ in range(turns[i]):
            if y > 0.5:
                y = np.sin(y) * x[0]
            else:
                y = np.exp(-y) + 0.1
        total += y
    return total
