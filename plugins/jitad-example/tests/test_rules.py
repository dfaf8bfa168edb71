"""Each rule against differences, in every mode; and the functions in a kernel."""

import jitad
import numpy as np
import pytest
from jitad.testing import check_grads, check_primitive, primitives_of

from jitad_example import running_sum, softplus


@pytest.mark.parametrize("primitive", primitives_of("jitad_example"), ids=str)
def test_rules(primitive):
    check_primitive(primitive)


def kernel(a):
    total = 0.0
    for _ in range(3):
        a = running_sum(a) / a.size
        total += softplus(a[-1])
    return total


def test_in_a_kernel():
    check_grads(kernel, (np.array([0.5, -1.0, 2.0]),), order=2)


def test_exact():
    assert jitad.grad(softplus)(0.0) == 0.5
    np.testing.assert_array_equal(jitad.jacobian(running_sum)(np.ones(3)), np.tri(3))
