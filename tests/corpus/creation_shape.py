"""Creation of arrays and functions of shape."""

from __future__ import annotations

import numpy as np

from tests.corpus.case import kernel


@kernel(lambda d: (d.signed(4),))
def zeros_and_ones(a):
    z = np.zeros(4)
    o = np.ones((2, 2))
    z[1:3] = a[:2] * a[3]
    o[0, 1] *= a[0]
    return np.sum(z * z) + np.sum(o) * z[1]


@kernel(lambda d: (1.3, 3), compiled=True)
def full_of_an_active_value(x, n):
    f = np.full((n, 2), x * x)
    f[0, 1] *= x
    return np.sum(f * f)


@kernel(lambda d: (d.signed(2, 3),))
def like_functions(a):
    z = np.zeros_like(a)
    o = np.ones_like(a)
    e = np.empty_like(a)
    f = np.full_like(a, 2.5)
    z[0] = a[1] * a[0]
    e[:] = o * a + f
    return np.sum(z * e * f)


@kernel(lambda d: (d.signed(4),))
def empty_then_filled(a):
    e = np.empty(4)
    for i in range(4):
        e[i] = a[i] ** 2
    e2 = np.empty((2, 2), dtype=np.float64)
    e2[:, :] = a[0]
    return np.sum(e) * np.sum(e2)


@kernel(lambda d: (1.3, 5))
def arange_and_linspace(x, n):
    a = np.arange(n) * x
    b = np.arange(1.0, 3.0, 0.5)
    c = np.linspace(0.0, 2.0, n)
    return np.sum(a * a * c) + np.sum(b * x)


@kernel(lambda d: (0.3, 1.9), argnums=(0, 1))
def linspace_between_active_ends(x, y):
    t = np.linspace(x, y, 5)
    return np.sum(t * t * t)


@kernel(lambda d: (d.signed(3, 3),))
def identity_matrix(a):
    b = a + 2.0 * np.eye(3)
    return np.sum(b * b) + np.sum(np.identity(3) @ a)


@kernel(lambda d: (1.3, 0.4), argnums=(0, 1), compiled=True)
def array_of_values(x, y):
    a = np.array([x, y, x * y])
    b = np.array([[x, 1.0], [y, x]])
    a[1] *= b[0, 0]
    return np.sum(a * a) + b[1, 0] * b[1, 1]


@kernel(lambda d: (d.signed(4),))
def copies_are_independent(a):
    b = a.copy()
    c = np.copy(a)
    b[0] = 5.0 * a[1]
    c[1] *= a[0]
    return np.sum(a * b * c)


@kernel(lambda d: (d.signed(3), d.signed(2)), argnums=(0, 1))
def concatenated(a, b):
    c = np.concatenate((a, b, a[:1]))
    c[0] *= c[4]
    return np.sum(c * c * c)


@kernel(lambda d: (d.signed(2, 3), d.signed(2, 2)), argnums=(0, 1))
def concatenated_along_an_axis(a, b):
    c = np.concatenate((a, b), axis=1)
    return np.sum(c[0] * c[1])


@kernel(lambda d: (d.signed(3), d.signed(3)), argnums=(0, 1))
def stacked(a, b):
    s = np.stack((a, b))
    t = np.stack((a * b, b), axis=1)
    return np.sum(s @ t) + np.sum(s * s)


@kernel(lambda d: (d.signed(2, 3),))
def flattened_and_reshaped(a):
    f = a.flatten()
    f[0] = 7.0 * a[1, 1]
    r = np.ravel(a)
    s = np.reshape(a * a, (3, 2))
    return np.sum(f * r) + s[2, 0] * s[0, 1]


@kernel(lambda d: (d.signed(2, 3),))
def transposes(a):
    b = np.transpose(a) * 2.0
    c = a.transpose()
    return np.sum(b * c) + b[2, 1] * c[0, 0]


@kernel(lambda d: (d.signed(3, 4),))
def shapes_as_numbers(a):
    n, m = a.shape
    return np.sum(a * a) / (n * m) + a[n - 1, m - 1] * a.size * a.ndim + len(a) * a[0, 0]


@kernel(lambda d: (d.signed(4),))
def converted_to_another_type(a):
    b = (a * 10.0).astype(np.int64)
    c = a.astype(np.float64)
    return np.sum(c * b) + np.sum(a > 0.0) * a[0]


@kernel(lambda d: (d.signed(3),))
def contiguous_copy(a):
    b = np.ascontiguousarray(a[::-1])
    b[0] *= a[0]
    return np.sum(b * b * a)


@kernel(lambda d: (d.signed(2, 3, 2),))
def transposed_three_axes(a):
    b = np.transpose(a, axes=(2, 0, 1))
    return np.sum(b[0] * b[1] * b[1]) + b[1, 0, 2] ** 2


@kernel(lambda d: (d.signed(2, 2),), tags=("vjp",))
def transposed_result(a):
    return (a * a).T


@kernel(lambda d: (d.signed(4),), tags=("vjp",))
def view_result(a):
    b = a * a[0]
    return b[1:3]


@kernel(lambda d: (d.signed(6),))
def differences_of_neighbours(a):
    d = a[1:] - a[:-1]
    return np.sum(d * d) + np.sum(np.diff(a) ** 3)
