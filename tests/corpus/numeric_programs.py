"""Small whole programs: integrators, losses, stencils, dynamic programs."""

from __future__ import annotations

import math

import numpy as np

from tests.corpus.case import kernel


@kernel(lambda d: (1.0, 0.8, 1.2, 10.0, 28.0, 8.0 / 3.0), argnums=(0, 1, 2, 3, 4, 5), compiled=True)
def lorenz(x, y, z, sigma, rho, beta):
    dt = 0.01
    for _ in range(8):
        dx = sigma * (y - x)
        dy = x * (rho - z) - y
        dz = x * y - beta * z
        x += dt * dx
        y += dt * dy
        z += dt * dz
    return x * x + y * y + z * z


@kernel(lambda d: (d.signed(6),), compiled=True)
def rosenbrock(x):
    total = 0.0
    for i in range(x.shape[0] - 1):
        total += 100.0 * (x[i + 1] - x[i] ** 2) ** 2 + (1.0 - x[i]) ** 2
    return total


@kernel(lambda d: (d.signed(6),))
def rosenbrock_in_slices(x):
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def _predator_prey(u, v, alpha, beta, gamma, delta):
    return alpha * u - beta * u * v, -gamma * v + delta * u * v


@kernel(
    lambda d: (np.array([0.55, 0.028, 0.80, 0.024, 30.0, 4.0]), np.array([[30.0, 4.0], [47.2, 6.1], [70.2, 9.8]])),
    compiled=True,
    tags=("not-numba",),
)
def predator_prey_likelihood(p, data):
    u, v = p[4], p[5]
    h = 0.25
    loss = 0.0
    for k in range(data.shape[0]):
        loss += (math.log(data[k, 0]) - math.log(u)) ** 2 + (math.log(data[k, 1]) - math.log(v)) ** 2
        for _ in range(2):
            a1, b1 = _predator_prey(u, v, p[0], p[1], p[2], p[3])
            a2, b2 = _predator_prey(u + 0.5 * h * a1, v + 0.5 * h * b1, p[0], p[1], p[2], p[3])
            a3, b3 = _predator_prey(u + 0.5 * h * a2, v + 0.5 * h * b2, p[0], p[1], p[2], p[3])
            a4, b4 = _predator_prey(u + h * a3, v + h * b3, p[0], p[1], p[2], p[3])
            u += h / 6.0 * (a1 + 2.0 * a2 + 2.0 * a3 + a4)
            v += h / 6.0 * (b1 + 2.0 * b2 + 2.0 * b3 + b4)
    return loss


@kernel(lambda d: (d.signed(4, 3), d.positive(4)), argnums=(0, 1), compiled=True)
def n_body_energy(x, m):
    energy = 0.0
    for i in range(x.shape[0]):
        for j in range(i):
            r2 = 0.01
            for k in range(3):
                r2 += (x[i, k] - x[j, k]) ** 2
            energy -= m[i] * m[j] / math.sqrt(r2)
    return energy


@kernel(lambda d: (d.signed(2, 2) * 2.0, d.signed(2, 2)), argnums=(0, 1))
def leapfrog_orbit(x, v):
    n = x.shape[0]
    force = np.zeros((n, 2))
    for _ in range(3):
        for i in range(n):
            force[i, 0] = 0.0
            force[i, 1] = 0.0
            for j in range(n):
                if i != j:
                    d0 = x[j, 0] - x[i, 0]
                    d1 = x[j, 1] - x[i, 1]
                    w = 1.0 / (d0 * d0 + d1 * d1 + 0.1) ** 1.5
                    force[i, 0] += w * d0
                    force[i, 1] += w * d1
        v += 0.1 * force
        x += 0.1 * v
    return np.sum(x * x) + np.sum(v * v)


@kernel(lambda d: (d.signed(4, 4),), compiled=True)
def jacobi_in_slices(u):
    for _ in range(3):
        u[1:-1, 1:-1] = 0.25 * (u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:])
    return np.sum(u * u)


@kernel(lambda d: (d.signed(4, 4),))
def jacobi_with_two_arrays(u):
    v = u.copy()
    for _ in range(3):
        for i in range(1, 3):
            for j in range(1, 3):
                v[i, j] = 0.25 * (u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1])
        u, v = v, u
    return np.sum(u * u * u)


@kernel(lambda d: (d.signed(4, 4), 1.3), argnums=(0, 1))
def gauss_seidel_nonlinear(u, c):
    for _ in range(2):
        for i in range(1, 3):
            for j in range(1, 3):
                s = u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1]
                u[i, j] = 0.25 * s - 0.1 * c * math.sin(u[i, j])
    return np.sum(u * u)


@kernel(lambda d: (d.signed(3, 3, 4), 0.1), argnums=(0, 1))
def heat_in_three_dimensions(a, k):
    b = a.copy()
    for _ in range(2):
        b[1:-1, 1:-1, 1:-1] = a[1:-1, 1:-1, 1:-1] + k * (
            a[2:, 1:-1, 1:-1]
            + a[:-2, 1:-1, 1:-1]
            + a[1:-1, 2:, 1:-1]
            + a[1:-1, :-2, 1:-1]
            + a[1:-1, 1:-1, 2:]
            + a[1:-1, 1:-1, :-2]
            - 6.0 * a[1:-1, 1:-1, 1:-1]
        )
        a, b = b, a
    return np.sum(a * a)


@kernel(lambda d: (d.signed(6), 0.2), argnums=(0, 1))
def burgers_upwind(u, dt):
    for _ in range(3):
        new = u.copy()
        for i in range(1, 6):
            if u[i] > 0.0:
                new[i] = u[i] - dt * u[i] * (u[i] - u[i - 1])
            else:
                new[i] = u[i] - dt * u[i] * (u[(i + 1) % 6] - u[i])
        u = new
    return np.sum(u * u)


@kernel(
    lambda d: (d.signed(3, 4), d.signed(4), d.signed(4, 2), d.signed(2), d.signed(3, 3), np.array([0, 1, 1])),
    argnums=(0, 1, 2, 3),
    compiled=True,
)
def perceptron_loss(w1, b1, w2, b2, x, labels):
    h = np.tanh(x @ w1 + b1)
    logits = h @ w2 + b2
    loss = 0.0
    for i in range(x.shape[0]):
        m = np.max(logits[i])
        loss -= logits[i, labels[i]] - m - np.log(np.sum(np.exp(logits[i] - m)))
    return loss / x.shape[0]


@kernel(lambda d: (d.signed(2), d.signed(2, 2), d.signed(2, 3), d.signed(4, 2)), argnums=(0, 1, 2), compiled=True)
def gaussian_mixture(alphas, means, inverse_factors, x):
    k, dim = means.shape
    total = 0.0
    terms = np.empty(k)
    for i in range(x.shape[0]):
        for c in range(k):
            d0 = x[i, 0] - means[c, 0]
            d1 = x[i, 1] - means[c, 1]
            q0 = math.exp(inverse_factors[c, 0]) * d0
            q1 = inverse_factors[c, 2] * d0 + math.exp(inverse_factors[c, 1]) * d1
            terms[c] = alphas[c] + inverse_factors[c, 0] + inverse_factors[c, 1] - 0.5 * (q0 * q0 + q1 * q1)
        top = terms[0]
        for c in range(1, k):
            top = max(top, terms[c])
        s = 0.0
        for c in range(k):
            s += math.exp(terms[c] - top)
        total += top + math.log(s)
    norm = 0.0
    for c in range(k):
        norm += math.exp(alphas[c])
    return total - x.shape[0] * math.log(norm) * dim


@kernel(lambda d: (d.signed(2, 2), d.signed(5, 2)), argnums=(0, 1))
def k_means_cost(centres, points):
    cost = 0.0
    for i in range(points.shape[0]):
        best = 1e30
        for c in range(centres.shape[0]):
            dist = 0.0
            for j in range(points.shape[1]):
                dist += (points[i, j] - centres[c, j]) ** 2
            if dist < best:
                best = dist
        cost += best
    return cost


@kernel(lambda d: (d.signed(4), np.linspace(-1.0, 1.0, 6), d.signed(6)))
def polynomial_fit(c, t, y):
    total = 0.0
    for i in range(t.shape[0]):
        p = 0.0
        for k in range(c.shape[0] - 1, -1, -1):
            p = p * t[i] + c[k]
        total += (p - y[i]) ** 2
    return total


@kernel(lambda d: (d.signed(2, 8) * 0.5, d.signed(3, 2), d.signed(2), d.signed(2)), argnums=(0, 1, 2, 3))
def lstm_steps(weights, inputs, h, c):
    n = h.shape[0]
    for t in range(inputs.shape[0]):
        gates = inputs[t] @ weights + np.concatenate((h, h, h, h)) * 0.5
        i = 1.0 / (1.0 + np.exp(-gates[:n]))
        f = 1.0 / (1.0 + np.exp(-gates[n : 2 * n]))
        o = 1.0 / (1.0 + np.exp(-gates[2 * n : 3 * n]))
        g = np.tanh(gates[3 * n :])
        c = f * c + i * g
        h = o * np.tanh(c)
    return np.sum(h * h) + np.sum(c)


@kernel(lambda d: (7.3,), compiled=True)
def newton_square_root(x):
    y = x
    while abs(y * y - x) > 1e-3:
        y = 0.5 * (y + x / y)
    return y


@kernel(lambda d: (1.9, 0.3), argnums=(0, 1))
def bisection_then_secant(x, shift):
    low, high = 0.0, 2.0
    for _ in range(4):
        middle = 0.5 * (low + high)
        if middle**3 + shift * middle - x > 0.0:
            high = middle
        else:
            low = middle
    flow = low**3 + shift * low - x
    fhigh = high**3 + shift * high - x
    return low - flow * (high - low) / (fhigh - flow)


@kernel(lambda d: (d.positive(4, 4),))
def soft_shortest_paths(w):
    n = w.shape[0]
    for k in range(n):
        for i in range(n):
            for j in range(n):
                through = w[i, k] + w[k, j]
                w[i, j] = -math.log(math.exp(-w[i, j]) + math.exp(-through))
    return w[0, n - 1] + w[1, 2]


@kernel(lambda d: (d.positive(4, 4),))
def shortest_paths(w):
    n = w.shape[0]
    for k in range(n):
        for i in range(n):
            for j in range(n):
                if w[i, k] + w[k, j] < w[i, j]:
                    w[i, j] = w[i, k] + w[k, j]
    return np.sum(w * w)


@kernel(lambda d: (d.signed(6), d.signed(3)), argnums=(0, 1), compiled=True)
def convolution(x, w):
    y = np.zeros(x.shape[0] - w.shape[0] + 1)
    for i in range(y.shape[0]):
        for k in range(w.shape[0]):
            y[i] += x[i + k] * w[k]
    return np.sum(np.maximum(y, 0.05 * y))


@kernel(lambda d: (d.signed(5), 1.3), argnums=(0, 1))
def horner(c, x):
    y = c[-1]
    for i in range(c.shape[0] - 2, -1, -1):
        y = y * x + c[i]
    return y


@kernel(lambda d: (d.uniform(0.1, 0.9, 3, 3), d.uniform(0.1, 0.9, 3, 2), np.array([0, 1, 1, 0])), argnums=(0, 1))
def hidden_markov_likelihood(transition, emission, seen):
    n = transition.shape[0]
    p = np.ones(n) / n
    total = 0.0
    for t in range(seen.shape[0]):
        new = np.zeros(n)
        for j in range(n):
            for i in range(n):
                new[j] += p[i] * transition[i, j]
            new[j] *= emission[j, seen[t]]
        s = np.sum(new)
        total += math.log(s)
        p = new / s
    return total


@kernel(lambda d: (d.signed(3, 2), d.positive(3, 3)))
def multidimensional_scaling(w, distances):
    total = 0.0
    for i in range(w.shape[0]):
        for j in range(i):
            d2 = 0.0
            for k in range(w.shape[1]):
                d2 += (w[i, k] - w[j, k]) ** 2
            total += (d2 - distances[i, j] ** 2) ** 2
    return total


@kernel(lambda d: (100.0, 105.0, 0.2, 0.05), argnums=(0, 2, 3))
def binomial_option(spot, strike, volatility, rate):
    n = 5
    dt = 1.0 / n
    up = math.exp(volatility * math.sqrt(dt))
    p = (math.exp(rate * dt) - 1.0 / up) / (up - 1.0 / up)
    values = np.zeros(n + 1)
    for i in range(n + 1):
        values[i] = max(spot * up ** (2 * i - n) - strike, 0.0)
    for k in range(n - 1, -1, -1):
        for i in range(k + 1):
            values[i] = math.exp(-rate * dt) * (p * values[i + 1] + (1.0 - p) * values[i])
    return values[0]
