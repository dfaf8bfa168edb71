"""Routines from the textbooks, as users write them down: adaptive steps, bits of indices, ways out, gaps in data."""

from __future__ import annotations

import math

import numpy as np

from tests.corpus.case import kernel


@kernel(lambda d: (d.positive(2), 3.0))
def adaptive_runge_kutta(start, rate):
    y, t, h = start.copy(), 0.0, 0.05
    for _ in range(60):
        if t >= 1.0:
            break
        h = min(h, 1.0 - t)
        k1 = np.sin(t) - rate * y
        k2 = np.sin(t + h / 2) - rate * (y + h / 2 * k1)
        k3 = np.sin(t + 3 * h / 4) - rate * (y + 3 * h / 4 * k2)
        new = y + h / 9 * (2 * k1 + 3 * k2 + 4 * k3)
        k4 = np.sin(t + h) - rate * new
        error = np.max(np.abs(h * (-5 * k1 / 72 + k2 / 12 + k3 / 9 - k4 / 8)))
        if error < 1e-3:
            t += h
            y = new
        h *= min(2.0, max(0.3, 0.9 * (1e-3 / (error + 1e-16)) ** (1 / 3)))
    return np.sum(y**2)


@kernel(lambda d: (d.signed(8),), compiled=True)
def fourier_transform_in_place(x):
    n = x.shape[0]
    re, im = x.copy(), np.zeros(n)
    j = 0
    for i in range(1, n):
        bit = n >> 1
        while j & bit:
            j ^= bit
            bit >>= 1
        j |= bit
        if i < j:
            re[i], re[j] = re[j], re[i]
    length = 2
    while length <= n:
        for i in range(0, n, length):
            for k in range(length // 2):
                c, s = math.cos(2 * math.pi * k / length), math.sin(2 * math.pi * k / length)
                a, b = i + k, i + k + length // 2
                turned_re, turned_im = re[b] * c - im[b] * s, re[b] * s + im[b] * c
                re[b], im[b] = re[a] - turned_re, im[a] - turned_im
                re[a] += turned_re
                im[a] += turned_im
        length *= 2
    total = 0.0
    for i in range(n):
        total += math.sqrt(re[i] ** 2 + im[i] ** 2) * (i + 1)
    return total


@kernel(lambda d: (np.array([2.0, 0.7, 0.3, 0.2, 0.1]),))
def levinson_recursion(r):
    n = r.shape[0] - 1
    a = np.zeros(n + 1)
    a[0] = 1.0
    error = r[0]
    for i in range(1, n + 1):
        k = -(r[i] + np.dot(a[1:i], r[i - 1 : 0 : -1])) / error
        a[1:i] = a[1:i] + k * a[i - 1 : 0 : -1]
        a[i] = k
        error *= 1 - k * k
    return error + np.sum(a * a)


@kernel(lambda d: (d.spd(3), d.signed(3)), argnums=(0, 1))
def krylov_subspace(matrix, b):
    n = b.shape[0]
    q, h = np.zeros((n, n + 1)), np.zeros((n + 1, n))
    norm = np.linalg.norm(b)
    q[:, 0] = b / norm
    for j in range(n - 1):
        w = matrix @ q[:, j]
        for i in range(j + 1):
            h[i, j] = w @ q[:, i]
            w = w - h[i, j] * q[:, i]
        h[j + 1, j] = np.linalg.norm(w)
        if h[j + 1, j] < 1e-12:
            break
        q[:, j + 1] = w / h[j + 1, j]
    return np.sum(h[: n - 1, : n - 1] ** 3) * norm + q[0, 1] * q[1, 1]


@kernel(lambda d: (d.positive(2), np.array([0.4, np.nan, 0.9, 1.3, np.nan, np.nan, 0.2])), compiled=True)
def autoregression_with_gaps(parameters, series):
    residuals = np.zeros(series.shape[0])
    for t in range(1, series.shape[0]):
        residuals[t] = series[t] - parameters[0] * series[t - 1] * parameters[1]
    return np.nansum(residuals**2)


@kernel(lambda d: (d.positive(6), 0.3))
def limited_waves(u, speed):
    for _ in range(3):
        slopes = np.zeros(u.shape[0])
        for i in range(1, u.shape[0] - 1):
            left, right = u[i] - u[i - 1], u[i + 1] - u[i]
            if left * right <= 0.0:
                continue
            slopes[i] = left if abs(left) < abs(right) else right
        flux = speed * (u + 0.5 * (1.0 - speed) * slopes)
        u[1:] -= flux[1:] - flux[:-1]
        u[0] = u[-1]
    return np.sum(u * u * u)
