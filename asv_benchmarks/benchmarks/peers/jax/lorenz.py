"""The Lorenz system as a loop over scalars; a loop with a fixed number of steps is a scan to JAX."""

from jax import lax

STEP = 1e-5


def lorenz(x, y, z, sigma, rho, beta, steps):
    def advance(_, state):
        x, y, z = state
        dx = sigma * (y - x)
        dy = x * (rho - z) - y
        dz = x * y - beta * z
        return x + STEP * dx, y + STEP * dy, z + STEP * dz

    x, y, z = lax.fori_loop(0, steps, advance, (x, y, z))
    return x * x + y * y + z * z
