"""The larger and the smaller of two numbers are comparisons and selections in an adjoint."""

from __future__ import annotations

import numpy as np
import pytest

from jitad.program.queries import walk
from jitad.program.statements import Compute
from jitad.transforms.adjoint import adjoint
from jitad.transforms.selections import CONDITIONS
from tests.reading.driver import read


@pytest.mark.parametrize("choose", [np.maximum, np.minimum, np.fmax, np.fmin])
def test_no_active_choice_is_left(choose):
    def kernel(x):
        total = 0.0
        for i in range(x.shape[0]):
            x[i] = choose(x[i] * x[i], 0.5)
            total += x[i]
        return total

    program = read(kernel, np.ones(3)).program
    assert [s for s in walk(program.body) if isinstance(s, Compute) and s.primitive in CONDITIONS]
    made = adjoint(program, (0,)).program
    assert not [s for s in walk(made.body) if isinstance(s, Compute) and s.primitive in CONDITIONS]
