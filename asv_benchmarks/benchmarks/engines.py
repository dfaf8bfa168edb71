"""Other engines, as far as they are installed: how each computes a value and gradients of its own form of a kernel.

The forms stand in ``peers/<engine>/<module of the kernel>.py`` under the kernel's own name; a second form whose name
ends in ``_by_library`` calls a library function where the kernel has loops. ``peers`` is no package, so that asv, which
imports all packages, leaves it alone where an engine is missing.
"""

from __future__ import annotations

import importlib
import importlib.util
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from .case import Case

LIBRARY = "_by_library"

Call = Callable[[], Any]
"""Returns a value and a tuple of gradients."""


def with_jax(loss: Callable[..., Any], arguments: tuple[Any, ...], argnums: tuple[int, ...]) -> Call:
    """Compiled by XLA, with arrays that JAX holds already; whole numbers are fixed when it compiles."""
    jax = configured_jax()
    fixed = tuple(at for at, value in enumerate(arguments) if isinstance(value, int))
    gradient = jax.jit(jax.value_and_grad(loss, argnums), static_argnums=fixed)
    held = [value if at in fixed else jax.numpy.asarray(value) for at, value in enumerate(arguments)]
    return lambda: jax.block_until_ready(gradient(*held))


def configured_jax() -> Any:
    """JAX with numbers of double precision on the CPU."""
    import jax

    jax.config.update("jax_enable_x64", True)
    jax.config.update("jax_platforms", "cpu")
    return jax


def with_autograd(loss: Callable[..., Any], arguments: tuple[Any, ...], argnums: tuple[int, ...]) -> Call:
    """NumPy, recorded on each call."""
    import autograd

    gradient = autograd.value_and_grad(lambda *by: loss(*_with(arguments, argnums, by)), tuple(range(len(argnums))))
    return lambda: gradient(*(arguments[at] for at in argnums))


def with_torch(loss: Callable[..., Any], arguments: tuple[Any, ...], argnums: tuple[int, ...]) -> Call:
    """Tensors, recorded on each call."""
    import torch

    held: list[Any] = [value if isinstance(value, int) else torch.as_tensor(np.asarray(value)) for value in arguments]

    def call() -> Any:
        by = [held[at].detach().requires_grad_() for at in argnums]
        value = loss(*_with(held, argnums, by))
        return value.detach(), torch.autograd.grad(value, by)

    return call


def with_casadi(loss: Callable[..., Any], arguments: tuple[Any, ...], argnums: tuple[int, ...]) -> Call:
    """A graph of matrix expressions, built once and interpreted."""
    import casadi

    symbols = [
        value if isinstance(value, int) else casadi.MX.sym(f"a{at}", *(np.shape(value) or (1, 1)))
        for at, value in enumerate(arguments)
    ]
    inputs = [at for at, value in enumerate(arguments) if not isinstance(value, int)]
    value = loss(*symbols)
    gradients = [casadi.gradient(value, symbols[at]) for at in argnums]
    function = casadi.Function("gradient", [symbols[at] for at in inputs], [value, *gradients])
    held = [casadi.DM(arguments[at]) for at in inputs]

    def call() -> Any:
        value, *gradients = function.call(held)
        shapes = (np.shape(arguments[at]) for at in argnums)
        return float(value), tuple(
            np.reshape(found.full(), shape) for found, shape in zip(gradients, shapes, strict=True)
        )

    return call


ENGINES = {"jax": with_jax, "torch": with_torch, "autograd": with_autograd, "casadi": with_casadi}


def installed() -> list[str]:
    """The engines that this environment has."""
    return [name for name in ENGINES if importlib.util.find_spec(name) is not None]


def calls(case: Case, arguments: tuple[Any, ...], engine: str) -> Iterator[tuple[str, Call]]:
    """An engine's names and calls for a case: none, one, or one more by a library function."""
    module = forms(engine, case.kernel)
    for suffix in ("", LIBRARY):
        loss = getattr(module, f"{case.kernel.__name__}{suffix}", None)
        if loss is not None:
            yield f"{engine}{suffix}", ENGINES[engine](loss, arguments, case.argnums)


def forms(engine: str, kernel: Callable[..., Any]) -> ModuleType | None:
    """The module with an engine's forms of the kernels of a module, if there is one."""
    file = _file(engine, kernel)
    return importlib.import_module(f"{__package__}.peers.{engine}.{file.stem}") if file.exists() else None


def has_form(engine: str, kernel: Callable[..., Any]) -> bool:
    """Whether an engine, installed or not, has its own form of a kernel that has the same loops."""
    file, name = _file(engine, kernel), kernel.__name__
    return file.exists() and re.search(rf"^(def {name}\(|{name} = )", file.read_text(), re.MULTILINE) is not None


def _file(engine: str, kernel: Callable[..., Any]) -> Path:
    return Path(__file__).parent / "peers" / engine / f"{kernel.__module__.rpartition('.')[2]}.py"


def _with(arguments: Any, argnums: tuple[int, ...], by: Any) -> list[Any]:
    replaced = list(arguments)
    for at, value in zip(argnums, by, strict=True):
        replaced[at] = value
    return replaced
