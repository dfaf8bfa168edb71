"""Dense linear algebra and graphs; shapes are fixed in a loop, so triangles are masked."""

import jax.numpy as jnp
from jax import lax


def shortest_paths(lengths):
    def through(k, path):
        return jnp.minimum(path, path[:, k][:, None] + path[k])

    return jnp.sum(lax.fori_loop(0, lengths.shape[0], through, lengths))


def gram_schmidt(vectors):
    indices = jnp.arange(vectors.shape[0])

    def orthogonalise(a, k):
        norm = jnp.sqrt(jnp.dot(a[k], a[k]))
        q = a[k] / norm
        row = jnp.where(indices > k, a @ q, 0.0)
        return a - row[:, None] * q, (q, row.at[k].set(norm))

    _, (q, r) = lax.scan(orthogonalise, vectors, indices)
    return jnp.sum(q) + jnp.sum(r)


def durbin(autocorrelation):
    r = autocorrelation
    n = r.shape[0]
    indices = jnp.arange(n)

    def extend(carried, k):
        y, alpha, beta = carried
        beta = beta * (1.0 - alpha * alpha)
        turned = jnp.where(indices < k, jnp.roll(y[::-1], k), 0.0)  # y[k-1], ..., y[0], zeros
        alpha = -(r[k] + jnp.dot(r, turned)) / beta
        return ((y + alpha * turned).at[k].set(alpha), alpha, beta), None

    start = jnp.zeros_like(r).at[0].set(-r[0]), -r[0], 1.0
    (y, _, _), _ = lax.scan(extend, start, jnp.arange(1, n))
    return jnp.sum(y)


def rank_k_update(alpha, beta, c, a):
    start = jnp.tril(beta * c)
    updated, _ = lax.scan(lambda sums, column: (sums + alpha * jnp.outer(column, column), None), start, a.T)
    return _squared_norm(updated, c)


def rank_k_update_by_library(alpha, beta, c, a):
    return _squared_norm(beta * c + alpha * (a @ a.T), c)


def rank_2k_update(alpha, beta, c, a, b):
    def add(sums, columns):
        one, other = columns
        product = jnp.outer(one, other)
        return sums + alpha * (product + product.T), None

    updated, _ = lax.scan(add, jnp.tril(beta * c), (a.T, b.T))
    return _squared_norm(updated, c)


def rank_2k_update_by_library(alpha, beta, c, a, b):
    product = a @ b.T
    return _squared_norm(beta * c + alpha * (product + product.T), c)


def _squared_norm(updated, c):
    """Of the lower half of ``updated`` and the upper half of ``c``."""
    whole = jnp.tril(updated) + jnp.triu(c, 1)
    return jnp.sum(whole * whole)


def convolution(image, filters, bias):
    k = filters.shape[2]
    n, m = image.shape[1] - k + 1, image.shape[2] - k + 1
    found = jnp.broadcast_to(bias[:, None, None], (bias.shape[0], n, m))
    for i in range(k):
        for j in range(k):
            found += jnp.einsum("oc,cnm->onm", filters[:, :, i, j], image[:, i : i + n, j : j + m])
    return jnp.sum(found * found)


def convolution_by_library(image, filters, bias):
    found = lax.conv_general_dilated(image[None], filters, (1, 1), "VALID")[0] + bias[:, None, None]
    return jnp.sum(found * found)
