"""Array primitives as a plugin would define them: sines and cosines in one go, and linear systems by elimination."""

from __future__ import annotations

import numpy as np

from jitad.plugin import array, composite


@array(outs=2)
def sincos_into(s, c, a):
    for i in range(a.size):
        s[i] = np.sin(a[i])
        c[i] = np.cos(a[i])


@sincos_into.vjp
def sincos_vjp(s, s_bar, c, c_bar, a, a_bar):
    if a_bar is not None:
        if s_bar is not None:
            a_bar += s_bar * c
        if c_bar is not None:
            a_bar -= c_bar * s


@sincos_into.jvp
def sincos_jvp(s, s_dot, c, c_dot, a, a_dot):
    if a_dot is not None:
        if s_dot is not None:
            s_dot += c * a_dot
        if c_dot is not None:
            c_dot -= s * a_dot


@array
def eliminate_into(lu, a):
    """The factors of ``a``, without pivots."""
    n = a.shape[0]
    lu[:, :] = a
    for k in range(n):
        for i in range(k + 1, n):
            lu[i, k] /= lu[k, k]
            for j in range(k + 1, n):
                lu[i, j] -= lu[i, k] * lu[k, j]


@array(inert=("lu",))
def forth_into(x, lu, a, b):
    """Solve ``a @ x = b`` with the factors of ``a``."""
    n = b.size
    for i in range(n):
        x[i] = b[i]
        for j in range(i):
            x[i] -= lu[i, j] * x[j]
    for i in range(n - 1, -1, -1):
        for j in range(i + 1, n):
            x[i] -= lu[i, j] * x[j]
        x[i] /= lu[i, i]


@array(inert=("lu",))
def back_into(x, lu, a, b):
    """Solve ``a.T @ x = b`` with the factors of ``a``."""
    n = b.size
    for i in range(n):
        x[i] = b[i]
        for j in range(i):
            x[i] -= lu[j, i] * x[j]
        x[i] /= lu[i, i]
    for i in range(n - 1, -1, -1):
        for j in range(i + 1, n):
            x[i] -= lu[j, i] * x[j]


@forth_into.vjp
def forth_vjp(x, x_bar, lu, lu_bar, a, a_bar, b, b_bar):
    w = np.empty_like(x)
    back_into(w, lu, a, x_bar)
    if b_bar is not None:
        b_bar += w
    if a_bar is not None:
        a_bar -= np.outer(w, x)


@forth_into.jvp
def forth_jvp(x, x_dot, lu, lu_dot, a, a_dot, b, b_dot):
    right = np.zeros_like(x)
    if b_dot is not None:
        right += b_dot
    if a_dot is not None:
        right -= a_dot @ x
    step = np.empty_like(x)
    forth_into(step, lu, a, right)
    x_dot += step


@back_into.vjp
def back_vjp(x, x_bar, lu, lu_bar, a, a_bar, b, b_bar):
    w = np.empty_like(x)
    forth_into(w, lu, a, x_bar)
    if b_bar is not None:
        b_bar += w
    if a_bar is not None:
        a_bar -= np.outer(x, w)


@back_into.jvp
def back_jvp(x, x_dot, lu, lu_dot, a, a_dot, b, b_dot):
    right = np.zeros_like(x)
    if b_dot is not None:
        right += b_dot
    if a_dot is not None:
        right -= a_dot.T @ x
    step = np.empty_like(x)
    back_into(step, lu, a, right)
    x_dot += step


@composite()
def solved(a, b):
    """The solution of ``a @ x = b``, without pivots."""
    lu = np.empty_like(a)
    eliminate_into(lu, a)
    x = np.empty_like(b)
    forth_into(x, lu, a, b)
    return x
