"""Readable text of a program."""

from __future__ import annotations

from collections.abc import Sequence

from jitad.program.origin import Origin
from jitad.program.statements import (
    Accumulate,
    Alloc,
    AtOffset,
    Block,
    Branch,
    Call,
    Compute,
    Const,
    Dim,
    Draw,
    Fail,
    Load,
    Loop,
    OffsetOf,
    Operand,
    Pop,
    Program,
    Push,
    Release,
    Reshape,
    Run,
    Statement,
    Store,
    Var,
    View,
)
from jitad.program.types import Scalar

_INDENT = "    "
_COLUMN = 64


def show(program: Program) -> str:
    """The text of a program: one statement a line, its type and its place in the user's source as a comment.

    Names that the program uses for several values are numbered, so that each name stands for one value.
    """
    return "\n".join(Printer().program(program)) + "\n"


class Printer:
    """Gives every value a name of its own; ``marked`` statements get an arrow in front."""

    def __init__(self, marked: Statement | None = None) -> None:
        self._marked = marked
        self._names: dict[Var, str] = {}
        self._taken: set[str] = set()

    def name(self, var: Var) -> str:
        """The unique name of a value."""
        if var not in self._names:
            name, number = var.name, 1
            while name in self._taken:
                number += 1
                name = f"{var.name}_{number}"
            self._names[var] = name
            self._taken.add(name)
        return self._names[var]

    def operand(self, operand: Operand) -> str:
        return repr(operand.value) if isinstance(operand, Const) else self.name(operand)

    def operands(self, operands: Sequence[Operand]) -> str:
        return ", ".join(self.operand(o) for o in operands)

    def program(self, program: Program) -> list[str]:
        params = ", ".join(f"{self.name(p)}: {p.type}" for p in program.params)
        lines = [_noted(f"program {program.name}({params}):", "", program.origin)]
        lines += self.block(program.body, _INDENT)
        return [*lines, f"{_INDENT}return {self.operands(program.results)}".rstrip()]

    def block(self, block: Block, indent: str) -> list[str]:
        if not block.statements:
            return [f"{indent}pass"]
        return [line for statement in block for line in self.statement(statement, indent)]

    def statement(self, statement: Statement, indent: str) -> list[str]:
        """The lines of one statement."""
        match statement:
            case Loop():
                lines = self._loop(statement, indent)
            case Branch():
                lines = self._branch(statement, indent)
            case _:
                text, type_ = self._simple(statement)
                lines = [_noted(indent + text, type_, statement.origin)]
        if statement is self._marked:
            lines[0] = "->" + lines[0][2:] if lines[0].startswith("  ") else "-> " + lines[0]
        return lines

    def _simple(self, statement: Statement) -> tuple[str, str]:
        """The text of a statement without blocks, and the type of what it binds."""
        name, operand, operands = self.name, self.operand, self.operands
        match statement:
            case Compute(out=out, primitive=primitive, args=args):
                if len(args) != primitive.arity:  # a broken program, shown by the checker
                    return f"{name(out)} = {primitive.name}({operands(args)})", str(out.type)
                text = primitive.template.format(*(operand(a) for a in args))
                if text.startswith("(") and text.endswith(")") and primitive.template.count("(") == 1:
                    text = text[1:-1]
                return f"{name(out)} = {text}", str(out.type)
            case Draw(out=out, primitive=sampler, args=args):
                return f"{name(out)} = draw {sampler.name}({operands(args)})", str(out.type)
            case Dim(out=out, array=array, axis=axis):
                return f"{name(out)} = {name(array)}.shape[{axis}]", str(out.type)
            case Alloc(out=out, offset=offset, shape=shape, fill=fill, at_end=at_end):
                filled = "uninitialised" if fill is None else f"filled with {fill!r}"
                where = " at the end of the tape" if at_end else ""
                return f"{name(out)} at {name(offset)} = alloc({operands(shape)}), {filled}{where}", str(out.type)
            case AtOffset(out=out, offset=offset, shape=shape, strides=strides):
                steps = f", strides=({operands(strides)})" if strides else ""
                return f"{name(out)} = at_offset({operand(offset)}, shape=({operands(shape)}){steps})", str(out.type)
            case OffsetOf(out=out, array=array, strides=strides):
                bound = ", ".join(name(var) for var in (out, *strides))
                return f"{bound} = {'place_of' if strides else 'offset_of'}({name(array)})", str(out.type)
            case Release(dtype=dtype, offset=offset, at_end=at_end, unread=unread):
                where = f"{'at the end up to' if at_end else 'from'} {operand(offset)}"
                return f"release {dtype} {where}{', unread' if unread else ''}", ""
            case View(out=out, base=base):
                return f"{name(out)} = {self._view(statement, name(base))}", str(out.type)
            case Reshape(out=out, base=base, shape=shape):
                return f"{name(out)} = reshape({name(base)}, ({operands(shape)}))", str(out.type)
            case Load(out=out, array=array, index=index):
                return f"{name(out)} = {self._element(array, index, out)}", str(out.type)
            case Store(array=array, index=index, value=value):
                return f"{self._element(array, index, value)} = {operand(value)}", ""
            case Accumulate(array=array, index=index, value=value):
                return f"{self._element(array, index, value)} += {operand(value)}", ""
            case Call(primitive=primitive, outs=outs, args=args, accumulate=accumulate):
                sign = "+=" if accumulate else "="
                return f"{operands(outs)} {sign} {primitive.name}({operands(args)})", ""
            case Run(outs=outs, program=program, args=args):
                bound = f"{', '.join(map(name, outs))} = " if outs else ""
                return f"{bound}run {program.name}({operands(args)})", ", ".join(str(out.type) for out in outs)
            case Fail(condition=condition, exception=exception, args=args):
                arguments = ", ".join(map(repr, args))
                return f"if {operand(condition)}: raise {exception.__name__}({arguments})", ""
            case Push(values=values):
                return f"push {operands(values)}", ", ".join(str(v.type) for v in values)
            case Pop(outs=outs):
                return f"pop {operands(outs)}", ", ".join(str(o.type) for o in outs)
        return repr(statement), ""

    def _element(self, array: Var, index: Sequence[Operand], value: Operand) -> str:
        """An element, or the lanes along the last axis."""
        has_lanes = isinstance(value.type, Scalar) and value.type.lanes
        places = [*map(self.operand, index), *([":"] if has_lanes else [])]
        return f"{self.name(array)}[{', '.join(places)}]"

    def _view(self, view: View, base: str) -> str:
        walks: dict[int, list[str]] = {}
        for letter, axis in zip(_letters(len(view.axes)), view.axes, strict=True):
            if axis.base_axis is not None:
                step = self.operand(axis.step)
                walks.setdefault(axis.base_axis, []).append(letter if step == "1" else f"{step}*{letter}")
        index = []
        for position, start in enumerate(view.starts):
            first = self.operand(start)
            parts = walks.get(position, [])
            index.append(" + ".join(parts if first == "0" and parts else [first, *parts]))
        ranges = ", ".join(
            f"{letter} < {self.operand(axis.length)}"
            for letter, axis in zip(_letters(len(view.axes)), view.axes, strict=True)
        )
        return f"view of {base}[{', '.join(index)}]" + (f" for {ranges}" if ranges else "")

    def _loop(self, loop: Loop, indent: str) -> list[str]:
        carried = ", ".join(
            f"{self.name(p)} from {self.operand(i)}" for p, i in zip(loop.params, loop.inits, strict=False)
        )
        with_ = f" carrying {carried}" if carried else ""
        if loop.is_counted:
            assert loop.start is not None and loop.stop is not None and loop.step is not None
            bounds = f"range({self.operands((loop.start, loop.stop, loop.step))})"
            bounds = f"reversed({bounds})" if loop.descending else bounds
            free = " order-free" if loop.order_free else ""
            head = f"for {self.name(loop.index)} in {bounds}{free}{with_}:"
        else:
            head = f"while, counting {self.name(loop.index)}{with_}:"
        types = ", ".join(str(p.type) for p in loop.params)
        lines = [_noted(indent + head, types, loop.origin)]
        inner = indent + _INDENT
        if loop.condition_block is not None:
            lines += self.block(loop.condition_block, inner) if loop.condition_block.statements else []
            lines.append(f"{inner}stop unless {'' if loop.condition is None else self.operand(loop.condition)}")
        lines += self.block(loop.body, inner)
        if loop.yields:
            lines.append(f"{inner}next {self.operands(loop.yields)}")
        bound = [self.name(r) for r in loop.results]
        if bound:
            lines.append(f"{indent}-> {', '.join(bound)}")
        if loop.count is not None:
            lines.append(f"{indent}-> {self.name(loop.count)} iterations")
        return lines

    def _branch(self, branch: Branch, indent: str) -> list[str]:
        types = ", ".join(str(r.type) for r in branch.results)
        lines = [_noted(f"{indent}if {self.operand(branch.condition)}:", types, branch.origin)]
        inner = indent + _INDENT
        lines += self.block(branch.then, inner)
        if branch.then_yields:
            lines.append(f"{inner}yield {self.operands(branch.then_yields)}")
        if branch.otherwise.statements or branch.otherwise_yields:
            lines.append(f"{indent}else:")
            lines += self.block(branch.otherwise, inner) if branch.otherwise.statements else []
            if branch.otherwise_yields:
                lines.append(f"{inner}yield {self.operands(branch.otherwise_yields)}")
        if branch.results:
            lines.append(f"{indent}-> {', '.join(self.name(r) for r in branch.results)}")
        return lines


def _letters(count: int) -> list[str]:
    return [chr(ord("i") + position) for position in range(count)]


def _noted(text: str, type_: str, origin: Origin | None) -> str:
    """A line with its comment: the type, then the place."""
    notes = "  ".join(note for note in (type_, origin.short() if origin is not None else "") if note)
    return f"{text:<{_COLUMN}}  # {notes}" if notes else text
