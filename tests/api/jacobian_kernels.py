"""Kernels whose Jacobians are tested uncompiled and compiled."""

from __future__ import annotations

import math

import numpy as np


def coupled(x, k):
    n = x.shape[0]
    out = np.empty(n)
    for i in range(n):
        total = 0.0
        for j in range(n):
            total += math.sin(x[j] - x[i])
        out[i] = k * total
    return out


def coupled_by_hand(x, k):
    cosines = k * np.cos(x[None, :] - x[:, None])
    return cosines - np.diag(cosines.sum(axis=1))


def polar(r, angle):
    return r * math.cos(angle), r * math.sin(angle)
