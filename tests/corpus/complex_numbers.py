"""Complex numbers between real arguments and real results."""

from __future__ import annotations

import cmath

import numpy as np

from tests.corpus.case import kernel


@kernel(lambda d: (0.31, 0.42, 6), argnums=(0, 1), compiled=True)
def iterated_square(x, y, n):
    """A Mandelbrot-like loop, with the derivative of the escape's logarithm."""
    c = complex(x, y)
    z = 0.0
    total = 0.0
    for _ in range(n):
        z = z * z + c
        if abs(z) > 1.2:
            z = z / 2.0
        total += abs(z)
    return total + z.imag


@kernel(lambda d: (d.signed(5), d.signed(5)), argnums=(0, 1), compiled=True)
def fourier_by_double_loop(re, im):
    n = re.shape[0]
    spectrum = np.zeros(n, dtype=np.complex128)
    for k in range(n):
        for j in range(n):
            spectrum[k] += complex(re[j], im[j]) * cmath.exp(-2j * cmath.pi * j * k / n)
    weight = 0.0
    for k in range(n):
        weight += (k + 1) * abs(spectrum[k]) ** 2
    return weight


@kernel(lambda d: (d.signed(6), d.positive(6)), argnums=(0, 1))
def complex_array_updated_in_place(a, b):
    z = np.exp(1j * a) * b
    z[1:] += z[:-1] * (0.5 - 0.2j)
    z *= z[2]
    z[z.real > 0.3] *= 1j
    z.real[::2] = b[::2]
    return np.sum(np.abs(z) * a) + np.sum(np.angle(z[1::2]))


@kernel(lambda d: (d.positive(3), d.positive(3), 1.3), argnums=(0, 1, 2))
def ladder_network(resistance, inductance, omega):
    """The voltage at the end of a network of impedances, by elimination."""
    n = resistance.shape[0]
    a = np.zeros((n, n), dtype=np.complex128)
    rhs = np.zeros(n, dtype=np.complex128)
    for i in range(n):
        series = 1.0 / (resistance[i] + 1j * omega * inductance[i])
        a[i, i] += series + 0.3j * omega
        if i > 0:
            a[i - 1, i - 1] += series
            a[i, i - 1] -= series
            a[i - 1, i] -= series
        else:
            rhs[0] = series
    for k in range(n):
        for i in range(k + 1, n):
            factor = a[i, k] / a[k, k]
            a[i, k:] -= factor * a[k, k:]
            rhs[i] -= factor * rhs[k]
    for k in range(n - 1, -1, -1):
        rhs[k] = (rhs[k] - np.sum(a[k, k + 1 :] * rhs[k + 1 :])) / a[k, k]
    return abs(rhs[n - 1])


@kernel(lambda d: (d.positive(6), d.signed(6), d.positive(6), 2), argnums=(0, 1, 2))
def split_step_schroedinger(re, im, potential, steps):
    """A wave packet moved by half steps of its potential and a Cayley step of its kinetic energy."""
    psi = re + 1j * im
    n = psi.shape[0]
    half = np.exp(-0.05j * potential)
    for _ in range(steps):
        psi = psi * half
        moved = np.empty_like(psi)
        for i in range(n):
            left = psi[i - 1] if i > 0 else 0.0
            right = psi[i + 1] if i < n - 1 else 0.0
            moved[i] = psi[i] + 0.1j * (left - 2.0 * psi[i] + right)
        psi = moved * half
    density = np.abs(psi) ** 2
    return np.sum(density * np.arange(n)) / np.sum(density)


@kernel(lambda d: (d.signed(2, 2), d.signed(2, 2)), argnums=(0, 1))
def products_of_complex_matrices(re, im):
    a = re + 1j * im
    b = a.conj().T @ a + np.eye(2)
    v = b @ np.array([1.0, 2.0 - 1j])
    return np.vdot(v, b @ v).real + np.linalg.norm(b) + np.trace(a).imag


@kernel(lambda d: (1.4, 0.3), argnums=(0, 1))
def complex_on_one_path(x, y):
    z = x
    for i in range(3):
        if i * x > 1.0:
            z = cmath.sqrt(z + 1j * y)
        else:
            z = z * y
    pair = (z, z * 1j)
    return (pair[0] * pair[1]).imag + abs(pair[0])
