"""``products`` for arrays with two axes."""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

from jitad.plugin import array

_A = np.array([[0.3, -1.2, 2.5, 0.4], [0.7, 1.1, -0.6, 2.0], [0.2, 0.9, -1.4, 1.0]])
_V = np.array([[1.5, -0.4, 0.9], [0.3, 0.8, -0.7]])


@array(cases=[(np.empty((4, 6)), _A, _V)])
def full_2d_into(out, a, v):
    """All overlaps of two matrices: each axis of ``out`` is as long as those of both together, less 1."""
    for m in range(out.shape[0]):
        for n in range(out.shape[1]):
            out[m, n] = 0
    for k in range(v.shape[0]):
        for i in range(a.shape[0]):
            for h in range(v.shape[1]):
                for j in range(a.shape[1]):
                    out[i + k, j + h] += a[i, j] * v[k, h]


@full_2d_into.plain
def full_2d_plain(out, a, v):
    out[:, :] = 0
    for k in range(v.shape[0]):
        for h in range(v.shape[1]):
            out[k : k + a.shape[0], h : h + a.shape[1]] += a * v[k, h]


@array(cases=[(np.empty((2, 2)), _A, _V)])
def valid_2d_into(out, a, v):
    """The products of ``v`` with what lies beside it in ``a``, wherever it lies within."""
    for m in range(out.shape[0]):
        for n in range(out.shape[1]):
            out[m, n] = 0
    for k in range(v.shape[0]):
        for i in range(out.shape[0]):
            for h in range(v.shape[1]):
                for j in range(out.shape[1]):
                    out[i, j] += a[i + k, j + h] * v[k, h]


@valid_2d_into.plain
def valid_2d_plain(out, a, v):
    out[:, :] = 0
    for k in range(v.shape[0]):
        for h in range(v.shape[1]):
            out += a[k : k + out.shape[0], h : h + out.shape[1]] * v[k, h]


@full_2d_into.vjp
def full_2d_vjp(out, out_bar, a, a_bar, v, v_bar):
    if out_bar is not None:
        if a_bar is not None:
            step = np.empty_like(a_bar)
            valid_2d_into(step, out_bar, v)
            a_bar += step
        if v_bar is not None:
            step = np.empty_like(v_bar)
            valid_2d_into(step, out_bar, a)
            v_bar += step


@full_2d_into.jvp
def full_2d_jvp(out, out_dot, a, a_dot, v, v_dot):
    if out_dot is not None:
        step = np.empty_like(out_dot)
        if a_dot is not None:
            full_2d_into(step, a_dot, v)
            out_dot += step
        if v_dot is not None:
            full_2d_into(step, a, v_dot)
            out_dot += step


@valid_2d_into.vjp
def valid_2d_vjp(out, out_bar, a, a_bar, v, v_bar):
    if out_bar is not None:
        if a_bar is not None:
            step = np.empty_like(a_bar)
            full_2d_into(step, out_bar, v)
            a_bar += step
        if v_bar is not None:
            step = np.empty_like(v_bar)
            valid_2d_into(step, a, out_bar)
            v_bar += step


@valid_2d_into.jvp
def valid_2d_jvp(out, out_dot, a, a_dot, v, v_dot):
    if out_dot is not None:
        step = np.empty_like(out_dot)
        if a_dot is not None:
            valid_2d_into(step, a_dot, v)
            out_dot += step
        if v_dot is not None:
            valid_2d_into(step, a, v_dot)
            out_dot += step
