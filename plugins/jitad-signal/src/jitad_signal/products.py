"""The two sums that convolutions are made of: each is the derivative of the other.

``full``: ``out[i + k] = sum a[i] v[k]``; ``valid``: ``out[i] = sum over k of a[i + k] v[k]``, for one axis and two.
Direct sums, whose inner loops run along contiguous memory.
"""

# Rules and implementations are kernels: jitad and Numba type their arguments by each call.
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

from jitad.plugin import array

_A, _V = np.array([0.3, -1.2, 2.5, 0.7]), np.array([1.5, -0.4, 0.9])


@array(cases=[(np.empty(6), _A, _V), (np.empty(6), _V, _A)])
def full_into(out, a, v):
    """All overlaps of two sequences: ``out`` has ``len(a) + len(v) - 1`` elements."""
    for n in range(out.size):
        out[n] = 0
    for k in range(v.size):
        for i in range(a.size):
            out[i + k] += a[i] * v[k]


@full_into.plain
def full_plain(out, a, v):
    out[:] = 0
    for k in range(v.size):
        out[k : k + a.size] += a * v[k]


@array(cases=[(np.empty(2), _A, _V)])
def valid_into(out, a, v):
    """The products of ``v`` with what lies beside it in ``a``: ``out`` has ``len(a) - len(v) + 1`` elements."""
    for n in range(out.size):
        out[n] = 0
    for k in range(v.size):
        for i in range(out.size):
            out[i] += a[i + k] * v[k]


@valid_into.plain
def valid_plain(out, a, v):
    out[:] = 0
    for k in range(v.size):
        out += a[k : k + out.size] * v[k]


@full_into.vjp
def full_vjp(out, out_bar, a, a_bar, v, v_bar):
    if out_bar is not None:
        if a_bar is not None:
            step = np.empty_like(a_bar)
            valid_into(step, out_bar, v)
            a_bar += step
        if v_bar is not None:
            step = np.empty_like(v_bar)
            valid_into(step, out_bar, a)
            v_bar += step


@full_into.jvp
def full_jvp(out, out_dot, a, a_dot, v, v_dot):
    if out_dot is not None:
        step = np.empty_like(out_dot)
        if a_dot is not None:
            full_into(step, a_dot, v)
            out_dot += step
        if v_dot is not None:
            full_into(step, a, v_dot)
            out_dot += step


@valid_into.vjp
def valid_vjp(out, out_bar, a, a_bar, v, v_bar):
    if out_bar is not None:
        if a_bar is not None:
            step = np.empty_like(a_bar)
            full_into(step, out_bar, v)
            a_bar += step
        if v_bar is not None:
            step = np.empty_like(v_bar)
            valid_into(step, a, out_bar)
            v_bar += step


@valid_into.jvp
def valid_jvp(out, out_dot, a, a_dot, v, v_dot):
    if out_dot is not None:
        step = np.empty_like(out_dot)
        if a_dot is not None:
            valid_into(step, a_dot, v)
            out_dot += step
        if v_dot is not None:
            valid_into(step, a, v_dot)
            out_dot += step
