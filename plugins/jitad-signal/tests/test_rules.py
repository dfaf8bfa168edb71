"""Every primitive against differences of the library's function, in every mode."""

from __future__ import annotations

import pytest

from jitad.testing import check_primitive, primitives_of

COMPILED = {"full_into", "valid_2d_into", "correlate", "interp"}


@pytest.mark.parametrize("primitive", primitives_of("jitad_signal"), ids=str)
def test_primitive(primitive):
    check_primitive(primitive, compiled=primitive.name in COMPILED)
