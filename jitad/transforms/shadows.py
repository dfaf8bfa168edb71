"""Give every active array its shadow: the array of its elements' adjoints, or of their tangents.

Postcondition: wherever an active array is bound (allocated, viewed, carried, yielded), its shadow is bound in
the same way, so that a shadow mirrors every alias of its array. Shadows are zero and nothing writes them yet.
Every conditional loop counts its iterations.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from jitad.analysis.activity import Activity
from jitad.program.statements import (
    Alloc,
    Block,
    Branch,
    Loop,
    Operand,
    Program,
    Reshape,
    Statement,
    Var,
    View,
    array_type,
)
from jitad.program.types import INT64, Array


@dataclass(frozen=True)
class Shadowed:
    """A program in which active arrays have shadows; ``params`` are the gradient arrays, by input."""

    program: Program
    shadows: dict[Var, Var]


def add_shadows(
    program: Program, active: Activity, inputs: list[Var], suffix: str = "bar", types: Mapping[Var, Array] | None = None
) -> Shadowed:
    """``program`` with shadows bound; the caller binds those of the array ``inputs`` (all of them).

    These are contiguous, unless ``types`` says otherwise.
    """
    pass_ = _Shadows(active, suffix)
    for var in inputs:
        if isinstance(var.type, Array):
            layout = "F" if var.type.layout == "F" else "C"
            type_ = (types or {}).get(var, Array(var.type.dtype, var.type.ndim, layout))
            pass_.shadows[var] = Var(f"{var.name}_{suffix}", type_)
    body = pass_.block(program.body)
    return Shadowed(Program(program.name, program.params, body, program.results, program.origin), pass_.shadows)


class _Shadows:
    def __init__(self, active: Activity, suffix: str) -> None:
        self._active = active
        self._suffix = suffix
        self.shadows: dict[Var, Var] = {}

    def _is_active_array(self, operand: Operand) -> bool:
        return isinstance(operand.type, Array) and operand in self._active

    def _shadow(self, operand: Operand) -> Operand:
        assert isinstance(operand, Var)
        return self.shadows[operand]

    def _new(self, var: Var, layout: str = "") -> Var:
        type_ = array_type(var)
        shadow = Var(f"{var.name}_{self._suffix}", Array(type_.dtype, type_.ndim, layout or type_.layout))
        self.shadows[var] = shadow
        return shadow

    def block(self, block: Block) -> Block:
        out = Block()
        for statement in block:
            for new in self._statement(statement):
                if new.origin is None:
                    new.origin = statement.origin
                out.statements.append(new)
        return out

    def _statement(self, statement: Statement) -> list[Statement]:
        match statement:
            case Alloc(out=array, shape=shape) if array in self._active:
                shadow = Alloc(self._new(array), Var(f"{array.name}_{self._suffix}_at", INT64), shape, 0)
                return [statement, shadow]
            case View(out=array, axes=axes, own=True) if array in self._active:
                lengths = tuple(axis.length for axis in axes)
                return [statement, Alloc(self._new(array), Var(f"{array.name}_{self._suffix}_at", INT64), lengths, 0)]
            case View(out=array, base=base, starts=starts, axes=axes) if array in self._active:
                same = array_type(base).layout == array_type(self.shadows[base]).layout
                view = View(self._new(array, "" if same else "A"), self.shadows[base], starts, axes)
                return [statement, view]
            case Reshape(out=array, base=base, shape=shape) if array in self._active:
                return [statement, Reshape(self._new(array), self.shadows[base], shape)]
            case Loop():
                return [self._loop(statement)]
            case Branch():
                return [self._branch(statement)]
        return [statement]

    def _loop(self, loop: Loop) -> Loop:
        carried = [i for i, p in enumerate(loop.params) if self._is_active_array(p)]
        inits = [*loop.inits, *(self._shadow(loop.inits[i]) for i in carried)]
        params = [*loop.params, *(self._new(loop.params[i]) for i in carried)]
        body = self.block(loop.body)
        yields = [*loop.yields, *(self._shadow(loop.yields[i]) for i in carried)]
        results = [*loop.results, *(self._new(loop.results[i]) for i in carried)]
        count = loop.count if loop.count is not None or loop.is_counted else Var("count", INT64)
        return replace(loop, params=params, inits=inits, body=body, yields=yields, results=results, count=count)

    def _branch(self, branch: Branch) -> Branch:
        then, otherwise = self.block(branch.then), self.block(branch.otherwise)
        yielded = [i for i, r in enumerate(branch.results) if self._is_active_array(r)]
        return replace(
            branch,
            then=then,
            then_yields=[*branch.then_yields, *(self._shadow(branch.then_yields[i]) for i in yielded)],
            otherwise=otherwise,
            otherwise_yields=[*branch.otherwise_yields, *(self._shadow(branch.otherwise_yields[i]) for i in yielded)],
            results=[*branch.results, *(self._new(branch.results[i]) for i in yielded)],
        )
