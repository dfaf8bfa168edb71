"""Definitions of primitives by decorators: what plugin authors write, and the primitives that come of it."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from jitad.errors import RegistryError
from jitad.primitives.jitable import as_numpy, jitable
from jitad.primitives.spec import (
    ZERO,
    ArrayPrimitive,
    CompositePrimitive,
    Partial,
    Primitive,
    ScalarPrimitive,
    parameter_count,
)

Function = Callable[..., Any]


class Definition:
    """A primitive in the making: decorators add to it until jitad first asks for ``primitive``."""

    def __init__(self, name: str, options: dict[str, Any]) -> None:
        self.__name__ = name
        self._options = options

    @functools.cached_property
    def primitive(self) -> Primitive:
        """The primitive, of all that has been said by now. Raises RegistryError when that is ill-formed."""
        made = self._made()
        problem = made.problem()
        if problem is not None:
            raise RegistryError(f"the primitive {self.__name__!r} is ill-formed: {problem}", "correct its definition")
        return made

    def _made(self) -> Primitive:
        raise NotImplementedError

    def _refuse(self, reason: str, remedy: str) -> RegistryError:
        return RegistryError(f"the primitive {self.__name__!r} is ill-formed: {reason}", remedy)

    def _still_open(self, what: str) -> None:
        if "primitive" in vars(self):
            raise self._refuse(f"it gets {what} after it was first used", "give all its rules in one module")

    def __repr__(self) -> str:
        return f"<definition of the primitive {self.__name__}>"


class ScalarDefinition(Definition):
    """A function of numbers and its partial derivatives; see ``scalar``."""

    def __init__(
        self, name: str, function: Any, rule: Function, options: dict[str, Any], argnum: int | None = None
    ) -> None:
        super().__init__(name, options)
        self._function = function
        self._rule_name = f"{rule.__module__}.{rule.__qualname__}"
        count = parameter_count(rule)
        if count is None or count < 2:
            raise self._refuse(f"{self._rule_name} must take the arguments and the result", "name them all")
        self._partials: list[Partial] = [None] * (count - 1)
        self._given: set[int] = set()
        self._add(rule, argnum)

    def partial(self, rule: Any = None, *, argnum: int | None = None) -> Any:
        """Decorator: the partial derivative by the next argument, or by the one at ``argnum``; it may be ZERO."""
        if rule is None:
            return functools.partial(self.partial, argnum=argnum)
        self._still_open("a partial derivative")
        self._add(rule, argnum)
        return rule

    def _add(self, rule: Any, argnum: int | None) -> None:
        if argnum is None:
            argnum = next((k for k in range(len(self._partials)) if k not in self._given), len(self._partials))
        if not 0 <= argnum < len(self._partials):
            count = len(self._partials)
            raise self._refuse(
                f"it gets a partial derivative by the argument {argnum}, and takes {count}",
                "count the arguments from 0",
            )
        if argnum in self._given:
            raise self._refuse(f"it gets two partial derivatives by the argument {argnum}", "remove one of them")
        self._given.add(argnum)
        self._partials[argnum] = rule

    def __call__(self, *args: Any) -> Any:
        """What the function gives in Python."""
        made = self.primitive
        assert isinstance(made, ScalarPrimitive)
        return made.plain_names[0][1](*args)

    def _made(self) -> ScalarPrimitive:
        return scalar_primitive(self.__name__, self._function, tuple(self._partials), **self._options)


class CallableDefinition(Definition):
    """A primitive that can be called: in Python, in kernels, in rules, and in the user's ``@njit`` code."""

    def __init__(self, name: str, implementation: Function, options: dict[str, Any]) -> None:
        super().__init__(name, options)
        self.implementation = implementation
        self._python = getattr(implementation, "py_func", implementation)
        self._dispatcher: Any = None
        functools.update_wrapper(self, self._python, updated=())
        self.__name__ = name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """What the decorated function gives."""
        return self.implementation(*args, **kwargs)

    @property
    def _numba_type_(self) -> Any:
        """The type by which the user's own ``@njit`` code calls it."""
        from numba import njit, typeof

        if self._dispatcher is None:
            is_compiled = hasattr(self.implementation, "py_func")
            self._dispatcher = self.implementation if is_compiled else njit(self.implementation)
        return typeof(self._dispatcher)


class CompositeDefinition(CallableDefinition):
    """A function defined by a kernel; see ``composite``."""

    def __init__(self, name: str, functions: tuple[Any, ...], definition: Function, options: dict[str, Any]) -> None:
        super().__init__(name, definition, options)
        self._functions = functions

    def _made(self) -> CompositePrimitive:
        options = dict(self._options)
        options["doc"] = options["doc"] or first_line(self._python)
        return CompositePrimitive(
            name=self.__name__, callables=(self, *self._functions), definition=self.implementation, **options
        )


class ArrayDefinition(CallableDefinition):
    """A function that writes into its first arguments, with rules of its own; see ``array``."""

    def __init__(self, name: str, implementation: Function, options: dict[str, Any]) -> None:
        super().__init__(name, implementation, options)
        self._rules: dict[str, Any] = {}

    def vjp(self, rule: Function) -> Function:
        """Decorator: the reverse rule, a kernel ``(out, out_bar, ..., arg, arg_bar, ...)`` that adds to ``arg_bar``."""
        return self._add("vjp", rule)

    def jvp(self, rule: Function) -> Function:
        """Decorator: the forward rule, a kernel ``(out, out_dot, ..., arg, arg_dot, ...)`` that adds to ``out_dot``."""
        return self._add("jvp", rule)

    def plain(self, function: Function) -> Function:
        """Decorator: the implementation for uncompiled runs, where that in Python isn't good enough."""
        return self._add("plain", function)

    def accumulating(self, function: Function) -> Function:
        """Decorator: an implementation that adds to the first result instead of overwriting it."""
        return self._add("accumulating", function)

    def loops(self, function: Function) -> Function:
        """Decorator: the same with loops over elements alone, which runs on CUDA too; see ``array``."""
        return self._add("loops", function)

    def _add(self, what: str, function: Function) -> Function:
        self._still_open(f"its {what}")
        if what in self._rules:
            raise self._refuse(f"it gets two functions as its {what}", "remove one of them")
        self._rules[what] = function
        return function

    def _made(self) -> ArrayPrimitive:
        options = dict(self._options)
        options["inert"] = self._positions(options["inert"], options["outs"])
        options["doc"] = options["doc"] or first_line(self._python)
        rules = dict(self._rules)
        accumulating = rules.pop("accumulating", None)
        return ArrayPrimitive(
            name=self.__name__,
            callables=(self,),
            implementation=jitable(self.implementation),
            plain=rules.pop("plain", self._python),
            accumulating=None if accumulating is None else jitable(accumulating),
            plain_accumulating=getattr(accumulating, "py_func", accumulating),
            **rules,
            **options,
        )

    def _positions(self, inert: Iterable[str], outs: int) -> frozenset[int]:
        names = list(inspect.signature(self._python).parameters)[outs:]
        for name in inert:
            if name not in names:
                raise self._refuse(f"its inert {name!r} is none of its arguments {', '.join(names)}", "name arguments")
        return frozenset(names.index(name) for name in inert)


def scalar_primitive(
    name: str,
    function: Any,
    partials: tuple[Partial, ...],
    *,
    also: tuple[Any, ...] = (),
    implementation: Function | None = None,
    plain: Function | None = None,
    typed_as: Any = None,
    **options: Any,
) -> ScalarPrimitive:
    """A primitive that is emitted as a call of its implementation, or of ``function`` itself."""
    compiled = jitable(implementation) if implementation is not None else function
    if isinstance(compiled, str):
        raise RegistryError(
            f"the primitive {name!r} is ill-formed: {function!r} is only a name, and compiled code can't call that",
            "give the function itself, or an implementation=",
        )
    emitted = f"scalar_{name}"
    typed = typed_as if typed_as is not None else compiled
    return ScalarPrimitive(
        name=name,
        callables=tuple(dict.fromkeys((function, *also))),
        template=f"{emitted}({', '.join(f'{{{position}}}' for position in range(len(partials)))})",
        typed_as=typed,
        partials=partials,
        names=((emitted, compiled),),
        plain_names=((emitted, plain if plain is not None else as_numpy(compiled, typed)),),
        implementation=None if implementation is None else compiled,
        **options,
    )


def arity_of(function: Any) -> int:
    """How many numbers a function takes. Raises RegistryError when that can't be told."""
    count = function.nin if isinstance(function, np.ufunc) else parameter_count(function)
    if count is None:
        raise RegistryError(f"it can't be told how many arguments {name_of(function)} takes", "give arity=")
    return int(count)


def name_of(function: Any) -> str:
    """The name of a callable, or of one given as ``"module:attribute"``."""
    if isinstance(function, str):
        return function.rpartition(":")[2].rpartition(".")[2]
    return str(getattr(function, "__name__", type(function).__name__))


def first_line(function: Any) -> str:
    """The first line of a function's docstring."""
    return (inspect.getdoc(getattr(function, "py_func", function)) or "").partition("\n")[0]


def zero_partials(arity: int) -> tuple[Partial, ...]:
    """No derivative by any of so many arguments."""
    return (ZERO,) * arity
