"""``custom_jvp`` and ``custom_vjp``: a derivative rule for a function of the user's, without a plugin."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from jitad.api.gradient import refuse_uncallable
from jitad.errors import ArgumentError, MissingRuleError
from jitad.reading.values import CustomForm


class _Custom:
    """A function that has a rule of the user's when it is differentiated, and otherwise is called as it is."""

    _method = ""

    def __init__(self, function: Callable[..., Any]) -> None:
        refuse_uncallable(function)
        functools.update_wrapper(self, getattr(function, "py_func", function), updated=())
        self.__wrapped__ = function
        self.rules: tuple[Callable[..., Any], ...] = ()
        self._dispatcher: Any = None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """What the function itself gives."""
        return self.__wrapped__(*args, **kwargs)

    @property
    def custom_form(self) -> CustomForm:
        """What a kernel that calls this function reads. Raises MissingRuleError when there is no rule yet."""
        if not self.rules:
            raise MissingRuleError(
                f"{self.__name__!r} has no derivative rule yet.",  # type: ignore[attr-defined]
                f"give it one with {self._method}.",
            )
        return CustomForm(self.__wrapped__, self.rules)

    @property
    def _numba_type_(self) -> Any:
        """The type by which the user's own ``@njit`` code calls the function."""
        from numba import njit, typeof

        if self._dispatcher is None:
            is_compiled = hasattr(self.__wrapped__, "py_func")
            self._dispatcher = self.__wrapped__ if is_compiled else njit(self.__wrapped__)
        return typeof(self._dispatcher)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.__name__}>"  # type: ignore[attr-defined]


class custom_jvp(_Custom):  # noqa: N801 - used as a decorator
    """Give a function a forward rule: ``defjvp(rule)`` with ``rule(primals, tangents) -> (value, tangent)``.

    ``primals`` is the tuple of the function's arguments, ``tangents`` that of their tangents (None for what isn't
    floating-point), each with its primal's structure, shape and dtype; so is the tangent of the value. The rule is a
    kernel, linear in the tangents: the reverse mode transposes it, and higher orders differentiate it again (where it
    calls the function itself, by the same rule, to the fourth order).

    Neither function nor rule sees what the other writes: the function may not write to its arguments, and a value that
    is an argument (or one array twice) may not be written to while its other name is read; what the rule writes to are
    copies.

    Raises KernelTypeError when the rule returns something else, SharedMemoryError for such writes, ShapeMismatchError
    at run time when a tangent has another shape, MissingRuleError when the function is differentiated without a rule.

    >>> import numpy as np
    >>> import jitad
    >>> @jitad.custom_jvp
    ... def log1pexp(x):
    ...     return np.log(1.0 + np.exp(x))
    >>> @log1pexp.defjvp
    ... def log1pexp_jvp(primals, tangents):
    ...     (x,), (x_dot,) = primals, tangents
    ...     return log1pexp(x), (1.0 - 1.0 / (1.0 + np.exp(x))) * x_dot
    >>> jitad.grad(log1pexp)(800.0)
    1.0
    """

    _method = "defjvp"

    def defjvp(self, rule: Callable[..., Any]) -> Callable[..., Any]:
        """Set the forward rule; also a decorator of it."""
        refuse_uncallable(rule)
        self.rules = (rule,)
        return rule


class custom_vjp(_Custom):  # noqa: N801 - used as a decorator
    """Give a function a reverse rule: ``defvjp(forward, backward)``.

    ``forward(*args) -> (value, residuals)`` computes the value, and whatever the other needs;
    ``backward(residuals, cotangent)`` gives a tuple with one cotangent for each argument, with its structure, shapes
    and dtypes (None is zero). Both are kernels, ``backward`` linear in the cotangent: the forward mode transposes it,
    and higher orders differentiate both again.

    A backward rule that isn't linear (clipping a gradient, as below) serves reverse mode only; forward mode refuses it.

    What ``custom_jvp`` says of writing holds for ``forward`` and ``backward``.

    Raises KernelTypeError when a rule returns something else, SharedMemoryError for writes to arguments,
    ShapeMismatchError at run time when a cotangent has another shape, MissingRuleError when the function is
    differentiated without rules.

    >>> import jitad
    >>> @jitad.custom_vjp
    ... def clipped(x):
    ...     return x
    >>> def forward(x):
    ...     return x, None
    >>> def backward(residuals, x_bar):
    ...     return (min(max(x_bar, -1.0), 1.0),)
    >>> clipped.defvjp(forward, backward)
    >>> jitad.grad(lambda x: 5.0 * clipped(x))(2.0)
    1.0
    """

    _method = "defvjp"

    def defvjp(self, forward: Callable[..., Any], backward: Callable[..., Any]) -> None:
        """Set the two parts of the reverse rule."""
        for rule in (forward, backward):
            if not callable(rule):
                raise ArgumentError(f"{rule!r} isn't a rule.", "pass the functions forward and backward.")
        self.rules = (forward, backward)
