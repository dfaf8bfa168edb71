"""Loops of terms: totals and what becomes of them, buffers that every iteration fills, counters."""

from __future__ import annotations

import numpy as np

from tests.corpus.case import kernel


@kernel(lambda d: (d.signed(4),))
def stores_that_meet_where_two_indices_add_up(x):
    y = np.ones(7)
    for i in range(4):
        for j in range(4):
            y[i + j] = x[i] * x[j]
    return np.sum(y * y)
