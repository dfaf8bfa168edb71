"""Partial differential equations on grids: loops and scans over whole grids."""

import jax.numpy as jnp
from jax import lax


def heat_2d(first, steps):
    def advance(_, a):
        around = a[2:, 1:-1] + a[:-2, 1:-1] + a[1:-1, 2:] + a[1:-1, :-2] - 4.0 * a[1:-1, 1:-1]
        return a.at[1:-1, 1:-1].add(0.2 * around)

    a = lax.fori_loop(0, steps // 2 * 2, advance, first)
    return jnp.sum(a * a)


def heat_3d(first, steps):
    def advance(_, a):
        middle = 2.0 * a[1:-1, 1:-1, 1:-1]
        around = (
            0.125 * (a[2:, 1:-1, 1:-1] - middle + a[:-2, 1:-1, 1:-1])
            + 0.125 * (a[1:-1, 2:, 1:-1] - middle + a[1:-1, :-2, 1:-1])
            + 0.125 * (a[1:-1, 1:-1, 2:] - middle + a[1:-1, 1:-1, :-2])
        )
        return a.at[1:-1, 1:-1, 1:-1].add(around)

    a = lax.fori_loop(0, steps // 2 * 2, advance, first)
    return jnp.sum(a * a)


def maxwell(electric_x, electric_y, magnetic, source):
    def advance(fields, driven):
        ex, ey, hz = fields
        ey = ey.at[0, :].set(driven)
        ey = ey.at[1:, :].add(-0.5 * (hz[1:, :] - hz[:-1, :]))
        ex = ex.at[:, 1:].add(-0.5 * (hz[:, 1:] - hz[:, :-1]))
        hz = hz.at[:-1, :-1].add(-0.7 * (ex[:-1, 1:] - ex[:-1, :-1] + ey[1:, :-1] - ey[:-1, :-1]))
        return (ex, ey, hz), None

    (_, _, hz), _ = lax.scan(advance, (electric_x, electric_y, magnetic), source)
    return jnp.sum(hz * hz)


def advection(first, velocity, step, steps):
    beside = 0.5 * step * velocity[1:-1]

    def eliminate(carried, plane):
        upper, solved = carried
        beside, tracer = plane
        pivot = 1.0 / (1.0 + beside * upper)
        carried = beside * pivot, (tracer + beside * solved) * pivot
        return carried, carried

    def substitute(below, plane):
        upper, solved = plane
        tracer = solved - upper * below
        return tracer, tracer

    def advance(_, tracer):
        start = jnp.zeros_like(tracer[0]), tracer[0]
        _, (upper, solved) = lax.scan(eliminate, start, (beside, tracer[1:-1]))
        planes = jnp.concatenate((start[0][None], upper)), jnp.concatenate((start[1][None], solved))
        _, found = lax.scan(substitute, tracer[-1], planes, reverse=True)
        return jnp.concatenate((found, tracer[-1:]))

    tracer = lax.fori_loop(0, steps, advance, first)
    return jnp.sum(tracer * tracer)
