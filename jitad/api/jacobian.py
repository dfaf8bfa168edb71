"""``jacfwd``, ``jacrev``, ``jacobian``, ``value_and_jacobian`` and ``hessian``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from jitad.analysis.plan import AUTO
from jitad.api.derivative import Derivative, GradientRequest
from jitad.api.gradient import checked_argnums, checked_storage, refuse_uncallable
from jitad.api.jacobian_entry import JacobianRequest
from jitad.api.jacobian_programs import EITHER, FORWARD, HESSIAN, REVERSE
from jitad.api.mode import bounds_checked
from jitad.errors import ArgumentError
from jitad.reading.values import DerivativeForm


def jacfwd(f: Callable[..., Any] | None = None, argnums: int | Sequence[int] = 0, has_aux: bool = False) -> Any:
    """The Jacobian of a kernel in forward mode: a few columns at a time, for kernels with few inputs.

    The returned function takes the arguments of ``f``. Its result has the structure of the value of ``f``, with each
    floating-point number or array replaced by the structure of argument ``argnums`` (of a tuple of arguments for a
    tuple of argnums), in which each leaf is an array: its shape is the shape of that part of the value followed by that
    of that part of the argument, its dtype that of the value. The derivative of a number by a number is a number. Parts
    of the value that aren't floating-point have None. With ``has_aux`` the kernel returns ``(value, aux)``, and the
    result is ``(jacobian, aux)``. Arguments are never changed. Also a decorator.

    Raises ArgumentError for an argument that can't be differentiated and for a kernel without a floating-point result,
    MissingRuleError when a derivative would flow through a function without a rule, SharedMemoryError when the kernel
    writes to an array that shares memory with another argument, and the errors of reading a kernel (see
    ``jitad.errors``). The method is vector forward mode, Griewank and Walther, *Evaluating Derivatives* (2008), 3.2, or
    for kernels without long loops, where that costs less, the elimination of intermediate values, chapter 9.

    >>> import numpy as np
    >>> import jitad
    >>> jitad.jacfwd(lambda x, k: k * x * x)(np.array([1.0, 2.0]), 3.0)
    array([[ 6.,  0.],
           [ 0., 12.]])
    >>> jitad.jacfwd(lambda x, k: k * x * x, argnums=1)(np.array([1.0, 2.0]), 3.0)
    array([1., 4.])
    """
    return _jacobian(f, FORWARD, argnums, has_aux=has_aux)


def jacrev(
    f: Callable[..., Any] | None = None, argnums: int | Sequence[int] = 0, has_aux: bool = False, storage: str = AUTO
) -> Any:
    """The Jacobian of a kernel in reverse mode: a few rows at a time, for kernels with few results.

    ``storage`` is that of ``grad``. Everything else is as for ``jacfwd``.

    >>> import numpy as np
    >>> import jitad
    >>> jitad.jacrev(lambda x: (np.sum(x * x), x[0] * x[1]))(np.array([1.0, 2.0]))
    (array([2., 4.]), array([2., 1.]))
    """
    return _jacobian(f, REVERSE, argnums, has_aux=has_aux, storage=storage)


def jacobian(
    f: Callable[..., Any] | None = None, argnums: int | Sequence[int] = 0, has_aux: bool = False, storage: str = AUTO
) -> Any:
    """The Jacobian of a kernel, in forward mode where it has few inputs and in reverse mode where it has few results.

    The choice is made for each call, from the numbers of elements of the arguments at ``argnums`` and of the result
    (``jitad.explain`` tells it); a mode that misses a rule isn't chosen. Everything else is as for ``jacrev``.

    >>> import jitad
    >>> def ellipsoid(a, b, c):
    ...     return a * b * c, a + b + c
    >>> jitad.jacobian(ellipsoid, argnums=(0, 2))(2.0, 3.0, 5.0)
    ((15.0, 6.0), (1.0, 1.0))
    """
    return _jacobian(f, EITHER, argnums, has_aux=has_aux, storage=storage)


def value_and_jacobian(
    f: Callable[..., Any] | None = None, argnums: int | Sequence[int] = 0, storage: str = AUTO
) -> Any:
    """The value of a kernel and its Jacobian, computed together: ``(value, jacobian)``.

    Everything else is as for ``jacobian``.

    >>> import jitad
    >>> jitad.value_and_jacobian(lambda x: (x * x, 3.0 * x))(2.0)
    ((4.0, 6.0), (4.0, 3.0))
    """
    return _jacobian(f, EITHER, argnums, values=True, storage=storage)


def hessian(f: Callable[..., Any] | None = None, argnums: int | Sequence[int] = 0, storage: str = AUTO) -> Any:
    """The Hessian of a kernel with one floating-point result: the Jacobian of its gradient.

    The returned function takes the arguments of ``f``. Its result has the structure of argument ``argnums`` (of a
    tuple of arguments for a tuple of argnums), in which each leaf is replaced by that structure again: the leaves
    are arrays whose shape is the shape of the one part of the argument followed by that of the other. The second
    derivative by two numbers is a number. Also a decorator.

    Raises NonScalarResultError when the result isn't one floating-point number, and what ``jacfwd`` raises. The method
    is forward over reverse mode, Griewank and Walther, *Evaluating Derivatives* (2008), 5.4.

    >>> import numpy as np
    >>> import jitad
    >>> jitad.hessian(lambda x: x[0] * x[0] * x[1])(np.array([3.0, 5.0]))
    array([[10.,  6.],
           [ 6.,  0.]])
    """
    return _jacobian(f, HESSIAN, argnums, storage=storage)


class JacobianFunction(Derivative):
    """A function of a kernel's arguments that computes its Jacobian (after its value, with ``with_value``)."""

    _request: JacobianRequest

    def _outcome(self, entry: Any, leaves: list[Any]) -> Any:
        values, jacobian = entry.run(leaves)
        if self._with_value:
            return entry.value(values), jacobian
        return (jacobian, entry.value(values)[1]) if self._request.has_aux else jacobian

    @property
    def form(self) -> DerivativeForm:
        """What a kernel that calls this function reads in its place."""
        request, function = self._request, self._function
        if request.mode == HESSIAN:
            by = GradientRequest(request.argnums, False, request.bounds_checked, request.storage, request.parallel)
            function = Derivative(function, by, with_value=False)
        return DerivativeForm("jacobian", function, request.argnums, request.has_aux, self._with_value)

    def _what(self) -> str:
        return "Hessian" if self._request.mode == HESSIAN else "Jacobian"


def _jacobian(
    f: Any, mode: str, argnums: Any, *, has_aux: Any = False, values: bool = False, storage: str = AUTO
) -> Any:
    if not isinstance(has_aux, bool):
        raise ArgumentError(f"has_aux={has_aux!r} isn't True or False.", "pass has_aux=True for a pair (value, aux).")
    request = JacobianRequest(
        checked_argnums(argnums),
        has_aux,
        bounds_checked(),
        storage=checked_storage(storage),
        mode=mode,
        values=values or has_aux,
    )

    def of(function: Any) -> JacobianFunction:
        refuse_uncallable(function)
        return JacobianFunction(function, request, with_value=values)

    return of if f is None else of(f)
