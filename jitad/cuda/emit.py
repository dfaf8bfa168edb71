"""Emit a program as a device function: the same source, but failures are returned and small arrays are local.

What the function takes and returns is as in ``jitad.emission.emit``, with the tape of one thread. The status -k
says that the failure ``DeviceCode.failures[k - 1]`` has happened.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import numpy as np

from jitad.analysis.aliasing import Aliases
from jitad.analysis.decisive import decisive
from jitad.analysis.local_arrays import local_arrays
from jitad.cuda.support import check_supported, device_primitive, in_loops, on_device
from jitad.cuda.target import cuda, is_simulated
from jitad.emission.emit import Emitted
from jitad.emission.exact_sums import with_ordered_sums
from jitad.emission.memory import tape_dtypes
from jitad.emission.source import Emitter
from jitad.emission.writer import bare
from jitad.program.origin import Origin
from jitad.program.statements import (
    Accumulate,
    Alloc,
    Block,
    Branch,
    Call,
    Compute,
    Const,
    Fail,
    Loop,
    Program,
    Statement,
    Var,
)
from jitad.program.types import Array
from jitad.runtime import plain

Failure = tuple[type[BaseException], tuple[Any, ...]]

PLAIN_CUDA = SimpleNamespace(local=SimpleNamespace(array=np.empty))
"""What ``cuda.local.array`` is where Python runs the source."""


@dataclass(frozen=True)
class DeviceCode(Emitted):
    """The source of a device function, and what it may fail with: classes of exceptions and their arguments."""

    failures: tuple[Failure, ...] = ()


def emit_device(program: Program) -> DeviceCode:
    """The source of an expanded program. Raises UnsupportedOnCudaError for what has no counterpart on CUDA."""
    program = with_ordered_sums(program)
    check_supported(program)
    return emit_part(program, DeviceEmitter, decisive(program), Aliases(program))


def emit_part(program: Program, kind: Callable[..., DeviceEmitter], exact: set[Var], aliases: Aliases) -> DeviceCode:
    """The source of a program that is part of another one, of which ``exact`` is what decides and ``aliases`` are."""
    program = replace(program, body=_device_block(program.body, exact))
    local = local_arrays(program)
    tapes = tape_dtypes([program], without=local)
    emitter = kind(program, tapes, exact, local, aliases)
    source = emitter.function()
    results = tuple(
        (result.type.dtype, result.type.ndim) if isinstance(result.type, Array) else None for result in program.results
    )
    names, plain_names = emitter.names_used, emitter.plain_names_used
    return DeviceCode(source, emitter.entry, names, plain_names, tapes, results, failures=tuple(emitter.failures))


class DeviceEmitter(Emitter):
    """Writes the source; ``exact`` is what decisions depend on, ``local`` the allocations off the tape."""

    def __init__(
        self, program: Program, tapes: tuple[str, ...], exact: set[Var], local: set[Alloc], aliases: Aliases
    ) -> None:
        self._exact = exact
        self._aliases = aliases
        self.failures: list[Failure] = []
        super().__init__(program, tapes, {}, measured=False, local=local)

    def _helper(self, name: str) -> str:
        twin = "accumulate" if name == "accumulate_exact" else name
        return self._use(name, _of_memory(name), getattr(plain, twin))

    def _collect_primitives(self) -> None:
        super()._collect_primitives()
        if not is_simulated():
            self.names_used = {name: on_device(value) for name, value in self.names_used.items()}

    def _statement(self, statement: Statement) -> None:
        match statement:
            case Accumulate(array=array, index=index, value=value) if self._aliases.root(array) in self._exact:
                self._mark(statement)
                self._line(self._write("accumulate_exact", value, *self._place_in(array, index, value)))
            case _:
                super()._statement(statement)

    def _local_array(self, shape: tuple[int, ...], element: str) -> str:
        return f"{self._use('cuda', cuda, PLAIN_CUDA)}.local.array({shape!r}, {element})"

    def _fail(self, fail: Fail) -> None:
        if isinstance(fail.condition, Const):
            if not fail.condition.value:
                return
            self._line("if True:")
        else:
            self._line(f"if {bare(self._text(fail.condition))}:")
        args = tuple(arg.packed() if isinstance(arg, Origin) else arg for arg in fail.args)
        self._failure(fail.exception, args)

    def _failure(self, exception: type[BaseException], args: tuple[Any, ...]) -> None:
        self.failures.append((exception, args))
        self._line(f"    return ({', '.join([str(-len(self.failures)), *self._no_results()])},)")


def _of_memory(name: str) -> Any:
    if is_simulated():
        return None
    from jitad.cuda import memory

    return getattr(memory, name)


def _device_block(block: Block, exact: set[Var]) -> Block:
    return Block([_device_statement(statement, exact) for statement in block])


def _device_statement(statement: Statement, exact: set[Var]) -> Statement:
    """Operations in their forms for CUDA.

    What decides something is rounded by itself: the sweeps may decide again, and must decide the same.
    """
    match statement:
        case Compute(out=out):
            return replace(statement, primitive=device_primitive(statement, exact=out in exact))
        case Call(primitive=primitive):
            return replace(statement, primitive=in_loops(primitive))
        case Loop(body=body, condition_block=head):
            head = None if head is None else _device_block(head, exact)
            return replace(statement, body=_device_block(body, exact), condition_block=head)
        case Branch(then=then, otherwise=otherwise):
            return replace(statement, then=_device_block(then, exact), otherwise=_device_block(otherwise, exact))
    return statement
