"""The innermost loops of array statements and of their gradients run in vectors: seen in what LLVM makes of them."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import jitad
from jitad.api.mode import uncompiled
from jitad.building import compile as building


def chain(a, b):
    t = a * b
    u = t * t + a
    u *= b
    return np.sum(u * t)


def stencil(a, b):
    c = a.copy()
    d = b.copy()
    for _ in range(3):
        d[1:-1, 1:-1] = 0.25 * (c[1:-1, 2:] + c[1:-1, :-2] + c[2:, 1:-1] + c[:-2, 1:-1])
        c[1:-1, 1:-1] = 0.5 * (d[1:-1, 1:-1] + d[1:-1, :-2])
    return np.sum(c * d)


def stencil_in_place(a, b):
    c = a.copy()
    for _ in range(3):
        c[1:-1, 1:-1] = 0.25 * (c[1:-1, 2:] + c[1:-1, :-2] + c[2:, 1:-1] + c[:-2, 1:-1]) * b[1:-1, 1:-1]
    return np.sum(c * c)


def sums_of_rows(a, b):
    rows = np.sum(a * b, axis=1)
    return np.sum(rows * rows)


def products_of_rows(a, b):
    c = np.zeros((a.shape[0], a.shape[0]))
    for i in range(a.shape[0]):
        for j in range(a.shape[0]):
            c[i, j] = np.dot(a[i], b[j]) + np.dot(a[j], a[i])
    return np.sum(c * c)


def shortest_paths(a, b):
    path = a.copy()
    for k in range(path.shape[0]):
        path[:, :] = np.minimum(path, path[:, k][:, None] + b[k])
    return np.sum(path)


def innermost(source: str) -> list[str]:
    """The innermost loops of emitted source that compute something, and have no branches."""
    lines = [line for line in source.splitlines() if not line.lstrip().startswith("#")]
    found = []
    for at, line in enumerate(lines):
        if line.lstrip().startswith("for "):
            indent = len(line) - len(line.lstrip())
            end = next(k for k in range(at + 1, len(lines)) if len(lines[k]) - len(lines[k].lstrip()) <= indent)
            body = "\n".join(lines[at + 1 : end])
            plain = not re.search(r"^ +(for|if|while) ", body, re.MULTILINE)
            if plain and re.search(r"[*+] [a-z(]|accumulate|add_to_sum", body):
                found.append(line.strip() + "\n" + body)
    return found


@pytest.mark.parametrize("kernel", [chain, stencil, stencil_in_place, sums_of_rows, products_of_rows, shortest_paths])
def test_innermost_loops_run_in_vectors(kernel: Any) -> None:
    a, b = np.random.default_rng(0).uniform(0.5, 1.5, (2, 40, 40))
    before = set(building._dispatchers)
    jitad.value_and_grad(kernel, argnums=(0, 1))(a, b)
    (made,) = set(building._dispatchers) - before
    machine = "\n".join(made.inspect_llvm().values())
    vectors = len(re.findall(r"^vector\.body\d*:", machine, re.MULTILINE))
    wanted = innermost(building.source_path(made).read_text())
    assert wanted
    assert vectors >= len(wanted), "\n\n".join(wanted)


def stepping_down(source: str) -> list[list[str]]:
    """The bodies of loops in emitted source that run down and hold other loops."""
    lines = [line for line in source.splitlines() if not line.lstrip().startswith("#")]
    found = []
    for at, line in enumerate(lines):
        if re.match(r" +for \w+ in range\(.*, -1\):", line):
            indent = len(line) - len(line.lstrip())
            end = next(k for k in range(at + 1, len(lines)) if len(lines[k]) - len(lines[k].lstrip()) <= indent)
            body = lines[at + 1 : end]
            if any(below.lstrip().startswith("for ") for below in body):
                found.append(body)
    return found


@pytest.mark.parametrize("kernel", [shortest_paths, products_of_rows])
def test_no_step_down_is_foreseen_around_inner_loops(kernel: Any) -> None:
    """LLVM would leave the vectors of inner loops unused where it sees that an outer one steps down."""
    with uncompiled():
        source = jitad.explain(kernel, *np.ones((2, 4, 4))).source
    bodies = stepping_down(source)
    assert bodies
    assert all("= unforeseen(" in body[0] for body in bodies)
