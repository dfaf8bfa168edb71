"""How often, and from where, each value of a program is read."""

from __future__ import annotations

from collections import Counter

from jitad.program.queries import operands, sub_blocks
from jitad.program.statements import Block, Branch, Compute, Loop, Operand, Program, Statement, Var


def foldable(program: Program) -> set[Var]:
    """Values of ``Compute`` statements that are read once, by a statement of their own block (or its yields).

    Such a value can be written inside the expression that reads it: it is pure, and isn't repeated by a loop.
    """
    reads: Counter[Operand] = Counter(program.results)
    readers: dict[Operand, Block] = dict.fromkeys(program.results, program.body)
    makers: dict[Var, Block] = {}

    def read(values: tuple[Operand, ...] | list[Operand], block: Block) -> None:
        for value in values:
            reads[value] += 1
            readers[value] = block

    def visit(block: Block) -> None:
        for statement in block:
            read(operands(statement), block)
            if isinstance(statement, Compute):
                makers[statement.out] = block
                for at, arg in enumerate(statement.args):  # a template may repeat an argument
                    reads[arg] += max(statement.primitive.template.count(f"{{{at}}}") - 1, 0)
            for inner, values in _yields(statement):
                read(values, inner)
            for inner in sub_blocks(statement):
                visit(inner)

    visit(program.body)
    return {var for var, block in makers.items() if reads[var] == 1 and readers[var] is block}


def _yields(statement: Statement) -> list[tuple[Block, list[Operand]]]:
    match statement:
        case Loop(body=body, yields=yields, condition_block=head, condition=condition):
            conditions = [] if head is None or condition is None else [(head, [condition])]
            return [(body, yields), *conditions]
        case Branch(then=then, then_yields=thens, otherwise=otherwise, otherwise_yields=elses):
            return [(then, thens), (otherwise, elses)]
    return []
