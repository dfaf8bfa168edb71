"""Gradients of many samples by JAX and PyTorch on a GPU: arrays are there already, a call returns when it is done.

The forms are those of ``peers``. Everything is of the dtype of the arrays that are given.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable
from typing import Any

import numpy as np

from . import engines
from .kernels.asian_option import asian_option
from .kernels.predator_prey import predator_prey

Call = Callable[[], Any]

ENGINES = ("jax", "torch")


def require(engine: str) -> None:
    """Raise NotImplementedError where an engine isn't installed or sees no GPU."""
    if importlib.util.find_spec(engine) is None:
        raise NotImplementedError(f"{engine} isn't installed")
    if engine == "jax" and _jax().default_backend() != "gpu":
        raise NotImplementedError("JAX sees no GPU")
    if engine == "torch":
        import torch

        if not torch.cuda.is_available():
            raise NotImplementedError("PyTorch sees no GPU")


def _jax() -> Any:
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")  # memory that the others need
    import jax

    jax.config.update("jax_enable_x64", True)
    return jax


def _form(engine: str, kernel: Callable[..., Any], name: str) -> Callable[..., Any]:
    function: Callable[..., Any] = getattr(engines.forms(engine, kernel), name)
    return function


def predator_prey_by_jax(thetas: np.ndarray, hare: np.ndarray, lynx: np.ndarray, substeps: int) -> Call:
    """The values (n,) and gradients (n, 8), compiled by XLA."""
    jax = _jax()
    form = _form("jax", predator_prey, "negative_log_likelihood")
    each = jax.vmap(jax.value_and_grad(form), in_axes=(0, None, None, None))
    compiled = jax.jit(each, static_argnums=3)
    held = [jax.numpy.asarray(array) for array in (thetas, hare, lynx)]
    return lambda: jax.block_until_ready(compiled(*held, substeps))


def asian_option_by_jax(*arguments: Any) -> Call:
    """The mean value and its gradients by the first four arguments, compiled by XLA."""
    jax = _jax()
    compiled = jax.jit(jax.value_and_grad(_form("jax", asian_option, "asian_option"), (0, 1, 2, 3)))
    held = [jax.numpy.asarray(argument) for argument in arguments]
    return lambda: jax.block_until_ready(compiled(*held))


def _tensors(arguments: tuple[Any, ...]) -> list[Any]:
    import torch

    where = "cuda" if torch.cuda.is_available() else "cpu"
    return [torch.as_tensor(np.asarray(argument), device=where) for argument in arguments]


def _finished(result: Any) -> Any:
    import torch

    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return result


def predator_prey_by_torch(thetas: np.ndarray, hare: np.ndarray, lynx: np.ndarray, substeps: int) -> Call:
    """The sum of the values, and the gradients (8, n), recorded on each call."""
    import torch

    form = _form("torch", predator_prey, "negative_log_likelihoods")
    theta, *counts = _tensors((np.ascontiguousarray(thetas.T), hare, lynx))

    def call() -> Any:
        by = theta.detach().requires_grad_()
        value = form(by, *counts, substeps)
        return _finished((value.detach(), torch.autograd.grad(value, by)[0]))

    return call


def asian_option_by_torch(*arguments: Any) -> Call:
    """The mean value and its gradients by the first four arguments, recorded on each call."""
    import torch

    form = _form("torch", asian_option, "asian_option")
    held = _tensors(arguments)

    def call() -> Any:
        by = [number.detach().requires_grad_() for number in held[:4]]
        value = form(*by, *held[4:])
        return _finished((value.detach(), torch.autograd.grad(value, by)))

    return call


PREDATOR_PREY = {"jax": predator_prey_by_jax, "torch": predator_prey_by_torch}
ASIAN_OPTION = {"jax": asian_option_by_jax, "torch": asian_option_by_torch}
