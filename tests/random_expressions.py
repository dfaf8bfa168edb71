"""Expressions of random kernels that call more of NumPy: bounded for bounded arguments, smooth almost everywhere."""

from __future__ import annotations

NUMBERS = (
    "max({u}, {v}, 0.25)",
    "math.copysign(0.5 * {u}, {v})",
    "math.atan2({u}, 1.5 + {v} * {v})",
    "np.clip({u}, -0.3, {v})",
    "math.sqrt(abs({u}) + 0.01)",
    "math.log(1.1 + {u} * {u})",
    "({u} % 1.3)",
    "math.fmod({u}, 0.7)",
    "math.floor({u} * 3.0) * 0.2",
    "np.sign({u}) * 0.5",
    "({u} if {v} > 0.1 else (0.5 * {v} if {u} < 0.3 else 0.5))",
    "math.tanh(({u}) ** 3)",
    "math.tanh(abs({u}) ** 1.5)",
    "np.max({a})",
    "{a}[np.argmin({a})]",
    "np.mean({a} * math.sin({v}))",
    "math.tanh(np.dot({a}, {a}))",
    "math.tanh(np.prod({a}))",
    "math.tanh(np.std({a}))",
    "math.tanh(np.linalg.norm({a}))",
)
"""``u`` and ``v`` stand for numbers, ``a`` for a vector."""

VECTORS = (
    "np.sort({u})",
    "np.roll({u}, n - 4)",
    "0.5 * np.maximum({u}, {v})",
    "np.clip({u}, -0.4, 0.6)",
    "{u}[np.argsort({v})]",
    "np.tanh(np.cumprod({u}))",
    "np.sin(np.outer({u}, {v}))[1]",
    "np.sin({u}.reshape(4, 1) * {v})[:, n - 2]",
    "np.concatenate(({u}[2:], {v}[:2]))",
    "np.append({u}[1:], {s})",
    "np.array([{s}, {u}[0], 0.5 * {v}[-1], 0.5])",
    "np.sin(({u}[:, None] * {v}[None, :]).sum(axis=0))",
    "np.tanh({u}.reshape(2, 2) @ {v}.reshape(2, 2)).ravel()",
    "np.tanh(m).mean(axis=0)",
    "0.5 * m.max(axis=0)",
    "np.full(4, math.sin({s}))",
    "np.diff(np.append({u}, {s})) * 0.5",
    "np.take({u}, np.array([3, 0, 0, 2]))",
    "np.where(np.arange(4) < n, {u}, 0.5 * {v})",
    "np.sin({u} * m[:1])[0]",
    "np.repeat({u}[1:3], 2)",
)
"""``u`` and ``v`` stand for vectors, ``s`` for a number."""
