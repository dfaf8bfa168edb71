"""Every primitive against differences of SciPy's function, in every mode."""

from __future__ import annotations

import pytest
from jitad_special import betas, gammas

from jitad.testing import check_primitive, primitives_of

COMPILED = {"erfcx", "gammainc", "betainc", "jv", "expn", "ellipk", "kl_div", "logsumexp"}
INTERNAL = [
    *(gammas.gammainc_a, gammas.gammainc_aa, betas.betainc_a),
    *(betas.betainc_b, betas.betainc_aa, betas.betainc_ab, betas.betainc_bb),
]


@pytest.mark.parametrize("primitive", primitives_of("jitad_special"), ids=str)
def test_primitive(primitive):
    check_primitive(primitive, compiled=primitive.name in COMPILED)


@pytest.mark.parametrize("definition", INTERNAL, ids=lambda d: d.__name__)
def test_derivatives_by_shapes(definition):
    shapes = (2.5,) if definition.primitive.arity == 2 else (2.5, 1.3)
    check_primitive(definition, [(*shapes, 0.3), (*shapes, 0.9)], order=1, compiled=False)
