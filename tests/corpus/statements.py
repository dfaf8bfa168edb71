"""Statements and arguments that users carry over from plain Python and NumPy: match, import, print, out=, order=."""

from __future__ import annotations

import numpy as np

from tests.corpus.case import kernel


@kernel(lambda d: (d.signed(6),), compiled=True)
def matched_numbers(x):
    total = 0.0
    for i in range(x.shape[0]):
        match i:
            case 0:
                total += x[i]
            case 1 | 2:
                total += x[i] ** 2
            case k if k == 3:
                total += k * x[k]
                continue
            case _:
                total *= x[i]
                if i == 5:
                    return total
    return -total


@kernel(lambda d: (1.3, "cubic"))
def a_matched_string(x, kind):
    match kind:
        case "linear":
            return x
        case "square" | "cubic" as name:
            return x**2 if name == "square" else x**3
        case None:
            return 0.0
    raise ValueError("unknown kind")


@kernel(lambda d: (d.signed(3),))
def imports_inside(x):
    import math as m

    from numpy import exp

    return m.sin(x[0]) * exp(x[1]) * np.cos(x[2])


@kernel(lambda d: (d.signed(3),))
def a_result_that_is_printed(x):
    y = x[0] * x[1]
    print("", end="")
    return y


@kernel(lambda d: (d.signed(3), d.signed(3)), argnums=(0, 1), compiled=True)
def ufuncs_with_out(a, b):
    c = np.empty_like(a)
    np.multiply(a, b, c)
    np.add(c, a, out=c)
    np.sin(c, out=c)
    return np.sum(np.exp(c, out=a) * c)


@kernel(lambda d: (d.signed(2, 3), d.signed(3, 2)), argnums=(0, 1))
def products_and_sums_with_out(a, b):
    c, s = np.empty((2, 2)), np.zeros(3)
    np.dot(a, b, c)
    np.dot(c, c, out=c[:, :])
    np.sum(a, axis=0, out=s)
    return c[0, 1] * c[1, 0] + np.prod(s)


@kernel(lambda d: (d.signed(2, 3),))
def elements_by_columns(a):
    b = a.reshape((3, 2), order="F")
    c, d = a.ravel(order="F"), a.flatten("F")
    d[1] *= 2.0
    e = np.reshape(a * a, (-1, 3), order="C")
    return b[1, 1] * c[1] + d[1] * e[1, 0] + np.ravel(b, "F")[2]


@kernel(lambda d: (d.signed(3), d.signed(2)), argnums=(0, 1))
def grids_of_coordinates(x, y):
    a, b = np.meshgrid(x, y)
    c, d = np.meshgrid(x, y, indexing="ij")
    a[0, 0] = 0.0
    return np.sum(a * b**2) + np.sum(c[1:] * d[1:] * a.T[1:])


@kernel(lambda d: (d.signed(4),))
def parts_of_complex_arrays_in_place(x):
    z = x + 1j * x[::-1]
    z.real *= 2.0
    z.imag = x**2
    z[1:].imag += z[:-1].real
    return np.sum(np.abs(z) ** 2)


@kernel(lambda d: (d.signed(2, 2),))
def a_product_in_place(a):
    b = a @ a.T
    c = b
    b @= a
    return c[0, 1] * b[1, 0]


@kernel(lambda d: (d.signed(3),))
def assignments_inside_conditions(x):
    y = 1.0
    if x[0] < 10.0 and (y := x[1] * x[2]) < 10.0:
        y *= 2.0
    low = x[0] < 20.0 < (w := x[1] + 30.0)
    return y * w if low else y
