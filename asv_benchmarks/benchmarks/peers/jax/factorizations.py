"""Dense factorisations by rank-one updates; shapes are fixed in a loop, so what is done is masked."""

import jax.numpy as jnp
from jax import lax


def cholesky_log_det(matrix):
    return jnp.sum(jnp.log(jnp.diagonal(_factor(matrix))))


def cholesky_log_det_by_library(matrix):
    return jnp.sum(jnp.log(jnp.diagonal(_library_factor(matrix))))


def cholesky_sum(matrix):
    return jnp.sum(jnp.tril(_factor(matrix))) + jnp.sum(jnp.triu(matrix, 1))


def cholesky_sum_by_library(matrix):
    return jnp.sum(jnp.tril(_library_factor(matrix))) + jnp.sum(jnp.triu(matrix, 1))


def lu_sum(matrix):
    indices = jnp.arange(matrix.shape[0])

    def eliminate(k, a):
        below = indices > k
        column = jnp.where(below, a[:, k] / a[k, k], 0.0)
        row = jnp.where(below, a[k], 0.0)
        return (a - column[:, None] * row).at[:, k].set(jnp.where(below, column, a[:, k]))

    return jnp.sum(lax.fori_loop(0, matrix.shape[0], eliminate, matrix))


def _factor(matrix):
    indices = jnp.arange(matrix.shape[0])

    def eliminate(k, a):
        diagonal = jnp.sqrt(a[k, k])
        column = jnp.where(indices > k, a[:, k] / diagonal, 0.0)
        kept = jnp.where(indices < k, a[:, k], column).at[k].set(diagonal)
        return (a - column[:, None] * column).at[:, k].set(kept)

    return lax.fori_loop(0, matrix.shape[0], eliminate, matrix)


def _library_factor(matrix):
    return jnp.linalg.cholesky(jnp.tril(matrix) + jnp.tril(matrix, -1).T, symmetrize_input=False)
