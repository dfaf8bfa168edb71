"""Powers and exponentials of matrices."""

# The rules are read as kernels, and Numba types what they call.
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

from jitad.plugin import composite
from jitad_linalg import samples
from jitad_linalg.dtypes import as_floats, identity_like, require_square

PADE_3 = (120.0, 60.0, 12.0, 1.0)
PADE_5 = (30240.0, 15120.0, 3360.0, 420.0, 30.0, 1.0)
PADE_7 = (17297280.0, 8648640.0, 1995840.0, 277200.0, 25200.0, 1512.0, 56.0, 1.0)
PADE_9 = (
    *(17643225600.0, 8821612800.0, 2075673600.0, 302702400.0, 30270240.0),
    *(2162160.0, 110880.0, 3960.0, 90.0, 1.0),
)
PADE_13 = (
    *(64764752532480000.0, 32382376266240000.0, 7771770303897600.0, 1187353796428800.0, 129060195264000.0),
    *(10559470521600.0, 670442572800.0, 33522128640.0, 1323241920.0, 40840800.0, 960960.0, 16380.0, 182.0, 1.0),
)


@composite(np.linalg.matrix_power, cases=samples.POWERS, takes_complex=True)
def matrix_power(a, n):
    """A matrix (n, n) to an integer power, by squaring; negative powers are those of the inverse."""
    require_square(a)
    base = as_floats(a)
    if n < 0:
        base = np.linalg.inv(base)
    left = abs(n)
    result = identity_like(base)
    while left > 0:
        if left % 2 == 1:
            result = result @ base
        left = left // 2
        if left > 0:
            base = base @ base
    return result


@composite("scipy.linalg:expm", cases=[samples.small], takes_complex=True)
def expm(a):
    """The exponential of a matrix (n, n), by scaling and squaring.

    Padé approximants of degree 3 to 13 as N. J. Higham, *The scaling and squaring method for the matrix exponential
    revisited* (2005), chooses them. The derivative is that of the approximant.
    """
    require_square(a)
    a = as_floats(a)
    eye = identity_like(a)
    size = 0.0
    for j in range(a.shape[1]):
        size = max(size, np.sum(np.abs(a[:, j])))
    squarings = 0
    while size > 5.371920351148152:
        size *= 0.5
        squarings += 1
    scale = np.empty(1, a.dtype)
    scale[0] = 0.5**squarings
    x = a * scale[0]
    x2 = x @ x
    if size <= 1.495585217958292e-2:
        odd, even = polynomials(x2, eye, PADE_3)
    elif size <= 2.53939833006323e-1:
        odd, even = polynomials(x2, eye, PADE_5)
    elif size <= 9.504178996162932e-1:
        odd, even = polynomials(x2, eye, PADE_7)
    elif size <= 2.097847961257068:
        odd, even = polynomials(x2, eye, PADE_9)
    else:
        odd, even = polynomials_13(x2, eye)
    u = x @ odd
    result = np.linalg.solve(even - u, even + u)
    for _ in range(squarings):
        result = result @ result
    return result


def polynomials(x2, eye, coefficients):
    """The odd part, over x, and the even part of the numerator of the approximant."""
    c = np.array(coefficients).astype(x2.dtype)
    power = x2
    odd, even = c[1] * eye + c[3] * power, c[0] * eye + c[2] * power
    for k in range(2, c.size // 2):
        power = power @ x2
        odd = odd + c[2 * k + 1] * power
        even = even + c[2 * k] * power
    return odd, even


def polynomials_13(x2, eye):
    """``polynomials`` of degree 13, with fewer products."""
    c = np.array(PADE_13).astype(x2.dtype)
    x4 = x2 @ x2
    x6 = x4 @ x2
    odd = x6 @ (c[13] * x6 + c[11] * x4 + c[9] * x2) + (c[7] * x6 + c[5] * x4 + c[3] * x2 + c[1] * eye)
    even = x6 @ (c[12] * x6 + c[10] * x4 + c[8] * x2) + (c[6] * x6 + c[4] * x4 + c[2] * x2 + c[0] * eye)
    return odd, even
