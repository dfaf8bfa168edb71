"""Write out the calls of programs for emission, those that occur again and again as functions.

Postcondition: no call in the program, or in those that it runs by ``Run``, is of a ``ProgramPrimitive``. So the size of
emitted code grows with the number of different programs that call each other, and not with the number of paths among
them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field

from jitad.primitives.spec import ProgramPrimitive
from jitad.program.builder import Builder
from jitad.program.queries import walk
from jitad.program.rewrite import Copier, as_they_are
from jitad.program.statements import Call, Const, Operand, Program, Run, Statement, Var, array_type
from jitad.program.types import Array
from jitad.transforms.deadcode import remove_dead_code
from jitad.transforms.promote import promote

LEAST = 40
"""A function of fewer statements is written out: a call costs more than it saves."""

LONG = 5_000
"""A program of more statements is too long to compile in reasonable time."""


def share(program: Program) -> Program:
    """The same program for emission."""
    if next(_calls(program), None) is None:
        return program
    return _Sharing(program).written(program)


def is_long(program: Program) -> bool:
    """True for a program that is long once all its calls are written out."""
    if next(_calls(program), None) is None:
        return False
    return _Sharing(program).written_size(program) > LONG


def shared_programs(program: Program) -> list[Program]:
    """The programs that a program runs, and those that they run, each once."""
    found: dict[Program, None] = {}
    left = [program]
    while left:
        for statement in walk(left.pop().body):
            if isinstance(statement, Run) and statement.program not in found:
                found[statement.program] = None
                left.append(statement.program)
    return list(found)


def _calls(program: Program) -> Iterator[Call]:
    return (s for s in walk(program.body) if isinstance(s, Call) and isinstance(s.primitive, ProgramPrimitive))


def _key(call: Call) -> Hashable:
    """What the function for a call depends on; equal for calls that can share one."""
    args = tuple((repr(arg.value), arg.type) if isinstance(arg, Const) else arg.type for arg in call.args)
    return call.primitive, tuple(out.type for out in call.outs), args, call.accumulate


@dataclass(eq=False)
class _Sharing:
    """Which calls are written out, and the functions for the others."""

    whole: Program
    _raw: dict[Hashable, Program] = field(default_factory=dict)
    _counts: Counter[Hashable] = field(default_factory=Counter)
    _sizes: dict[Hashable, int] = field(default_factory=dict)
    _written: dict[Hashable, int] = field(default_factory=dict)
    _made: dict[Hashable, Program] = field(default_factory=dict)

    def __post_init__(self) -> None:
        left = [self.whole]
        while left:
            for call in _calls(left.pop()):
                key = _key(call)
                self._counts[key] += 1
                if key not in self._raw:
                    self._raw[key] = _alone(call)
                    left.append(self._raw[key])

    def written(self, program: Program) -> Program:
        """A program with its calls written out or made calls of functions."""
        while next(_calls(program), None) is not None:
            builder = Builder()
            writer = _Writer(program.params, self)
            writer.block(program.body, builder)
            results = [writer(result) for result in program.results]
            program = Program(program.name, program.params, builder.block, results, program.origin)
        return remove_dead_code(promote(remove_dead_code(program)))

    def program(self, call: Call) -> Program | None:
        """The program that a call runs; None for one that is written out."""
        key = _key(call)
        if not self._shares(call):
            return None
        if key not in self._made:
            self._made[key] = self.written(self._raw[key])
        return self._made[key]

    def written_size(self, program: Program) -> int:
        """The statements of a program with all calls written out."""
        size = sum(1 for _ in walk(program.body))
        for call in _calls(program):
            key = _key(call)
            if key not in self._written:
                self._written[key] = self.written_size(self._raw[key])
            size += self._written[key]
        return size

    def _shares(self, call: Call) -> bool:
        key, primitive = _key(call), call.primitive
        if key not in self._counts:  # its literals have come about by writing out calls around it
            return False
        assert isinstance(primitive, ProgramPrimitive)
        return self._counts[key] > 1 and not primitive.generators and self._size(key) >= LEAST

    def _size(self, key: Hashable) -> int:
        """The statements of a call that is written out."""
        if key not in self._sizes:
            raw = self._raw[key]
            calls = [self._size(_key(call)) for call in _calls(raw) if not self._shares(call)]
            self._sizes[key] = sum(1 for _ in walk(raw.body)) + sum(calls)
        return self._sizes[key]


def _alone(call: Call) -> Program:
    """The program of a call, with the calls in it.

    Its parameters are the outs that have axes, then the arguments but literals, 0-d arrays as numbers; its results are
    the numbers for the 0-d outs (or what is to be added there).
    """
    builder, primitive = Builder(), call.primitive
    assert isinstance(primitive, ProgramPrimitive)
    params: list[Var] = []
    with builder.at(call.origin):
        outs = tuple(_box(builder, out) if _is_number(out) else _param(params, out) for out in call.outs)
        args = [_argument(builder, arg, params) for arg in call.args]
        primitive.expand(Call(primitive, outs, tuple(args), call.accumulate), builder, deep=False)
        results: list[Operand] = [builder.load(out, ()) for out in outs if _is_number(out)]
    return Program(primitive.name, params, builder.block, results, call.origin)


def _is_number(operand: Operand) -> bool:
    return isinstance(operand, Var) and isinstance(operand.type, Array) and operand.type.ndim == 0


def _box(builder: Builder, like: Var) -> Var:
    """A 0-d array that holds 0."""
    return builder.alloc(like.name, array_type(like).dtype, (), 0)


def _param(params: list[Var], like: Var) -> Var:
    params.append(Var(like.name, like.type))
    return params[-1]


def _argument(builder: Builder, arg: Operand, params: list[Var]) -> Operand:
    """What a call alone gets for an argument."""
    if isinstance(arg, Const):
        return arg
    if not _is_number(arg):
        return _param(params, arg)
    box = _box(builder, arg)
    params.append(Var(arg.name, array_type(arg).element))
    builder.store(box, (), params[-1])
    return box


class _Writer(Copier):
    def __init__(self, params: list[Var], sharing: _Sharing) -> None:
        super().__init__(as_they_are(params))
        self._sharing = sharing

    def statement(self, statement: Statement, builder: Builder) -> None:
        if not (isinstance(statement, Call) and isinstance(statement.primitive, ProgramPrimitive)):
            super().statement(statement, builder)
            return
        outs = tuple(map(self.array, statement.outs))
        call = Call(statement.primitive, outs, self.all(statement.args), statement.accumulate)
        program = self._sharing.program(statement)
        if program is None:
            statement.primitive.expand(call, builder, deep=False)
            return
        given: list[Operand] = [out for out in outs if not _is_number(out)]
        for was, arg in zip(statement.args, call.args, strict=True):
            if not isinstance(was, Const):
                given.append(builder.load(arg, ()) if isinstance(arg, Var) and _is_number(arg) else arg)
        numbers = [out for out in outs if _is_number(out)]
        results = tuple(Var(out.name, array_type(out).element) for out in numbers)
        builder.add(Run(results, program, tuple(given), origin=statement.origin))
        put = builder.accumulate if statement.accumulate else builder.store
        for out, result in zip(numbers, results, strict=True):
            put(out, (), result)
