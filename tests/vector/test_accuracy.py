"""Each vector function, in each width, against C's long double function: at most 4 units in the last place."""

from __future__ import annotations

import numpy as np
import pytest

from jitad.vector import choice, libraries
from jitad.vector.functions import FUNCTIONS, SUFFIXES

if not libraries.is_possible():
    pytest.skip("there is no vector library for this kind of machine", allow_module_level=True)

from tests.vector import machine, points

COUNT = 1_000_000
LIBRARIES = [library for library in (libraries.libmvec(), libraries.svml()) if library is not None]


@pytest.mark.parametrize("dtype", SUFFIXES)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_vector_functions_are_as_promised(name, dtype):
    function = FUNCTIONS[name]
    args = points.arguments(name, dtype, function.arity, COUNT)
    judge = points.Judge(machine.true_values(name, dtype, *args), dtype)
    for library in LIBRARIES:
        if (name, dtype) in choice.UNFIT[library.name]:
            continue
        for width in libraries.widths_here(dtype):
            address = library.address(function, dtype, width)
            if address is None:
                continue
            result = machine.vectors(address, name, dtype, width, *args)
            error, at = judge.worst(result)
            what = f"{library.name}'s {name} by {width}"
            assert error <= choice.MAX_ULP, f"{what}: {error} at {[arg[at] for arg in args]}"
            wrong = judge.wrong(result)
            assert not wrong.size, f"{what}: {result[wrong[0]]} at {[arg[wrong[0]] for arg in args]}"


def test_the_judge_finds_what_is_wrong():
    true = np.array([1.0, 2.0, 0.0, np.inf, np.nan, 1.0], np.longdouble)
    judge = points.Judge(true, "float64")
    result = true.astype(np.float64)
    assert judge.worst(result)[0] == 0
    assert not judge.wrong(result).size
    off = result + np.array([0, 5 * 4.5e-16, 0, 0, 0, 0])
    assert judge.worst(off) == (pytest.approx(5, rel=0.1), 1)
    for at, value in ((2, -0.0), (2, 1e-300), (3, 1e308), (4, 0.0), (0, np.nan)):
        other = result.copy()
        other[at] = value
        assert judge.wrong(other).tolist() == [at]
