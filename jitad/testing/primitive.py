"""``check_primitive``: is what a primitive states right? One line tests all primitives of a plugin."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from jitad.api.mode import compiling, uncompiled
from jitad.errors import ArgumentError, RegistryError
from jitad.primitives import registry
from jitad.primitives.definitions import Definition
from jitad.primitives.spec import ArrayPrimitive, Primitive, ScalarPrimitive
from jitad.testing.check import MODES
from jitad.testing.primitive_cases import Case, stated_or_drawn
from jitad.testing.primitive_derivatives import Derivatives, check_special
from jitad.testing.primitive_judge import SINGLE_RTOL, Place
from jitad.testing.primitive_kernels import Trial
from jitad.testing.primitive_rules import ArrayRules, check_partials
from jitad.testing.space import is_floating


def primitives_of(plugin: str | None = None) -> list[Primitive]:
    """All primitives of a plugin (by the name of its entry point), or of all plugins, to test them one by one.

    Raises RegistryError when no such plugin is loaded.

    >>> from jitad.testing import primitives_of
    >>> [p.name for p in primitives_of("jitad")][:3]
    ['add', 'sub', 'mul']
    """
    known = [found.name for found in registry.plugins()]
    if plugin is not None and plugin not in known:
        raise RegistryError(
            f"no plugin named {plugin!r} is loaded (plugins: {', '.join(known)})",
            f"install it, and see that {registry.DISABLE_VARIABLE} doesn't name it",
        )
    return [p for p in registry.primitives() if plugin is None or registry.owner(p).name == plugin]


def cases_of(p: Any, seed: int = 0) -> list[Case]:
    """The arguments that a primitive is checked with: those that it states, or else some drawn from its domain.

    Only functions of numbers can do without stated cases: of a set of numbers of both signs those are taken where
    differences of the function tell its derivatives. ``p`` is as in ``check_primitive``. Raises ArgumentError when
    there are none.

    >>> import numpy as np
    >>> from jitad.testing import cases_of
    >>> all(x > 0.0 for (x,) in cases_of(np.log))
    True
    """
    return stated_or_drawn(primitive_of(p), seed)


def primitive_of(p: Any) -> Primitive:
    """The primitive that a name, a definition, a function or itself stands for. Raises ArgumentError for others."""
    if isinstance(p, Primitive):
        return p
    if isinstance(p, Definition):
        return p.primitive
    if isinstance(p, str):
        try:
            return registry.by_name(p)
        except KeyError:
            raise ArgumentError(
                f"there is no primitive named {p!r}.", "see `jitad primitives` for those there are."
            ) from None
    found = registry.lookup(p)
    if found is None:
        raise ArgumentError(
            f"{p!r} isn't a primitive.", "give a primitive, its name, or a function that it stands for."
        )
    return found


def check_primitive(
    p: Any,
    cases: Iterable[Case | Callable[..., Case]] | None = None,
    *,
    rtol: float = 1e-9,
    order: int = 2,
    modes: Sequence[str] = MODES,
    compiled: bool = True,
    seed: int = 0,
) -> None:
    """Check all that a primitive states, at each of ``cases``. Returns None when all is well.

    ``p`` is a primitive, its name, what a decorator of ``jitad.plugin`` gives, or a function that it stands for. A case
    is a tuple of positional arguments, or a function of a ``numpy.random.Generator`` that gives one; by default
    they are ``cases_of(p)``. Derivatives are taken by every argument that is floating-point throughout (by the real and
    the imaginary parts of complex arrays), others stay as they are. For an array primitive the case begins with arrays
    of the results' shapes and dtypes, whatever they hold. An inert argument of it that follows from the others, such as
    a factorisation, is given as a kernel of them (of all but the results and arguments given in this way): it is then
    computed anew wherever the others move.

    Checked at each case, in float64 and to ``rtol``, differences being those of the function itself, run by Python:

    - the value, against each Python function that the primitive stands for, shapes and dtypes too;
    - each partial derivative, or the rules of an array primitive by themselves: against differences, that they add to
      adjoints and change nothing else, that they are right when only some of the derivatives are asked for;
    - forward and reverse mode against differences and against each other, in each of ``modes``;
    - at ``order`` 2, products with the Hessian against differences of first derivatives;
    - the same with arrays in Fortran's order and with negative strides; in float32, to 1e-4, where dtypes have to be
      those of the arguments; beside other uses of the arguments; in a loop, statement by statement with the tape
      checked; by Jacobians; for functions of numbers, of arrays that are broadcast;
    - with ``compiled``, the same compiled by Numba, once; everything else runs uncompiled;
    - the derivatives that the primitive states for special points (``special``), to the last bit. They are those of the
      sum of the results by each argument; None isn't checked.

    Raises AssertionError that names the primitive, the rule, the case, and both numbers; ArgumentError when there
    are no cases; and what jitad raises for what it can't differentiate.

    In a plugin's tests::

        @pytest.mark.parametrize("p", jitad.testing.primitives_of("my_plugin"), ids=str)
        def test_primitive(p):
            jitad.testing.check_primitive(p)

    >>> import numpy as np
    >>> from jitad.testing import check_primitive
    >>> check_primitive("hypot", [(3.0, 4.0)], compiled=False)
    """
    primitive = primitive_of(p)
    _refuse_options(order, modes)
    random = np.random.default_rng(seed)
    found = stated_or_drawn(primitive, seed) if cases is None else [c(random) if callable(c) else c for c in cases]
    if isinstance(primitive, ArrayPrimitive):
        modes = [m for m in modes if getattr(primitive, {"fwd": "jvp", "rev": "vjp"}[m]) is not None]
    check = _Check(primitive, order if len(modes) == len(MODES) else 1, tuple(modes), rtol, seed)
    with uncompiled(), np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of functions of NumPy's that jitad knows as well
        for at, case in enumerate(found):
            trial = Trial(primitive, _tupled(primitive, case))
            check.case(trial, is_first=at == 0)
            if compiled and at == 0 and check.is_callable:
                with compiling():
                    check.compiled(trial)
        check.refuse_untried()
        for case, expected in primitive.special:
            check_special(Place(Trial(primitive, case), "(a special point)"), expected, check.modes)


class _Check:
    """The checks of one primitive."""

    def __init__(self, primitive: Primitive, order: int, modes: tuple[str, ...], rtol: float, seed: int) -> None:
        self.primitive, self.order, self.modes, self.rtol, self.seed = primitive, order, modes, rtol, seed
        self.place: Place | None = None
        self.tried: set[int] = set()

    @property
    def is_callable(self) -> bool:
        """False for jitad's own primitives that kernels can't call."""
        return not isinstance(self.primitive, ScalarPrimitive) or self.primitive.typed_as is not None

    def case(self, trial: Trial, *, is_first: bool) -> None:
        """All checks at one case; those that hardly depend on the numbers at the first one only."""
        random = np.random.default_rng(self.seed)
        self.place = place = Place(trial)
        self.tried |= set(trial.moving)
        if not self.is_callable:
            check_partials(place, self.rtol)
            return
        base = self._derivatives(place)
        rules = ArrayRules(place, random, self.rtol) if isinstance(self.primitive, ArrayPrimitive) else None
        if rules is not None:
            rules.check_function()
        base.check_value()
        if not self._can_move(base):
            return
        if isinstance(self.primitive, ScalarPrimitive):
            check_partials(place, base.reachable_rtol)
        if rules is not None:
            rules.check()
        base.check_first_order()
        if self.order > 1:
            base.check_second_order()
        self._check_forms(base)
        if not is_first:
            return
        if "rev" in self.modes:
            base.check_adding()
            base.check_in_a_loop()
        base.check_jacobians()
        if isinstance(self.primitive, ScalarPrimitive):
            self._check_broadcasting(trial, random)

    def refuse_untried(self) -> None:
        """Fail when cases were given and a partial derivative was needed in none of them."""
        for at, partial in enumerate(getattr(self.primitive, "partials", ())):
            if self.place is not None and callable(partial) and at not in self.tried:
                self.place.fail(
                    f"the partial derivative by argument {at}", "no case has a floating-point number there."
                )

    def compiled(self, trial: Trial) -> None:
        """The same numbers from compiled code."""
        place = Place(trial, "compiled")
        base = self._derivatives(place)
        if not self._can_move(base):
            base.check_value()
            return
        with uncompiled():
            plain = self._derivatives(Place(trial))
            _ = plain.subject.value, plain.tangent, plain.gradient
        base.check_like(plain, 0.1 * self.rtol, ("compiled", "uncompiled"))

    def _check_forms(self, base: Derivatives) -> None:
        trial = base.trial
        if any(np.ndim(arg) for arg in base.subject.moving):
            for name, change in _LAYOUTS.items():
                place = Place(trial.changed(change), f"(arrays {name})")
                self._derivatives(place).check_like(base, 1e-11, (f"for arrays {name}", "for arrays in C order"))
        place = Place(trial.changed(_single), "in float32")
        single = self._derivatives(place)
        single.check_dtypes(np.float32)
        single.check_like(base, SINGLE_RTOL, ("in float32", "in float64"), values=False)

    def _check_broadcasting(self, trial: Trial, random: np.random.Generator) -> None:
        """Arrays near the case: two that are broadcast, then a number with an array."""
        shapes: list[tuple[tuple[int, ...] | None, ...]] = [((2, 3),)]
        if len(trial.moving) > 1:
            shapes = [((3, 1), (4,)), (None, (3,)), ((3,), None)]
        for chosen in shapes:
            args = list(trial.args)
            for at, shape in zip(trial.moving, (*chosen, *(None,) * len(trial.moving)), strict=False):
                if shape is not None:
                    args[at] = args[at] * (1.0 + 0.02 * random.uniform(-1.0, 1.0, shape))
            spread = self._derivatives(Place(Trial(self.primitive, tuple(args)), "(arrays that are broadcast)"))
            spread.check_value()
            spread.check_first_order()
            if chosen is shapes[0]:
                self._check_forms(spread)
                if self.order > 1:
                    spread.check_second_order()

    def _derivatives(self, place: Place) -> Derivatives:
        return Derivatives(place, self.modes, self.rtol, self.seed)

    @staticmethod
    def _can_move(base: Derivatives) -> bool:
        """True when there is something to differentiate, and by."""
        return bool(base.subject.argnums) and base.subject.results.size > 0


# Forms of arguments


def _fortran(part: Any) -> Any:
    return np.asfortranarray(part) if isinstance(part, np.ndarray) and part.ndim else part


def _strided(part: Any) -> Any:
    """Every other element of a larger array, backwards."""
    if not isinstance(part, np.ndarray) or not part.ndim:
        return part
    larger = np.zeros((*part.shape[:-1], 2 * part.shape[-1]), part.dtype)
    view = larger[..., ::-2]
    view[...] = part
    return view


def _single(part: Any) -> Any:
    if isinstance(part, np.ndarray):
        return part.astype({"d": np.float32, "D": np.complex64}.get(part.dtype.char, part.dtype))
    return np.float32(part) if is_floating(part) else part


_LAYOUTS = {"in Fortran's order": _fortran, "with negative strides": _strided}


def _tupled(primitive: Primitive, case: Any) -> Case:
    if not isinstance(case, tuple):
        raise ArgumentError(
            f"{case!r} is no case of the primitive {primitive.name!r}.", "give a tuple of positional arguments."
        )
    return case


def _refuse_options(order: Any, modes: Any) -> None:
    if order not in (1, 2):
        raise ArgumentError(f"order={order!r} isn't an order that is checked.", "use 1 or 2.")
    if not isinstance(modes, tuple | list) or not modes or not all(mode in MODES for mode in modes):
        raise ArgumentError(f"modes={modes!r} isn't a tuple of modes.", 'use ("fwd",), ("rev",) or ("fwd", "rev").')
