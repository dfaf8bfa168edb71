"""Every scalar primitive compiles and agrees with its uncompiled function, in value and in type."""

import numba
import numpy as np
import pytest

from jitad.inference import TypingFailure, signature
from jitad.primitives import registry
from jitad.primitives.spec import ScalarPrimitive
from jitad.program.evaluator import operation
from jitad.program.types import FLOAT32, FLOAT64, INT64

VALUES = {1: [(0.75,), (0.2,)], 2: [(2.5, 1.25), (0.5, 0.5)], 3: [(1.0, 0.5, 2.0)]}
INTEGERS = {1: [(3,), (2,)], 2: [(7, 2), (3, 3)], 3: [(1, 5, 2)]}
SCALARS = [p for p in registry.primitives() if isinstance(p, ScalarPrimitive) and p.typed_as is not None]


def compiled(primitive):
    names = [f"a{position}" for position in range(primitive.arity)]
    namespace = dict(primitive.names)
    exec(f"def f({', '.join(names)}): return {primitive.template.format(*names)}", namespace)
    return numba.njit(error_model="numpy")(namespace["f"])


@pytest.mark.parametrize("primitive", SCALARS, ids=lambda p: p.name)
def test_compiled_and_plain_agree(primitive):
    function, tried = compiled(primitive), 0
    for type_, points in ((FLOAT64, VALUES), (INT64, INTEGERS), (FLOAT32, VALUES)):
        try:
            casts, result = signature(primitive.typed_as, (type_,) * primitive.arity)
        except TypingFailure:
            continue
        for point in points[primitive.arity]:
            args = [
                getattr(np, "bool_" if c.dtype == "bool" else c.dtype)(v) for c, v in zip(casts, point, strict=True)
            ]
            with np.errstate(all="ignore"):
                plain = operation(primitive)(*args)
            found = function(*args)
            tolerance = 1e-5 if "float32" in (type_.dtype, result.dtype) else 1e-13
            assert found == pytest.approx(plain, rel=tolerance, nan_ok=True), (primitive, args)
            is_float = isinstance(found, float | np.floating)
            assert is_float == result.is_float, (primitive, args, found, result)
            tried += 1
    assert tried, primitive
