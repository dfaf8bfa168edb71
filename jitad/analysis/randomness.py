"""Which random generators a program draws from, and what no derivative flows through there."""

from __future__ import annotations

from jitad.analysis.activity import Activity
from jitad.errors import MissingRuleError
from jitad.primitives.spec import ProgramPrimitive
from jitad.program.queries import walk
from jitad.program.statements import Block, Call, Draw, Program


def generators(block: Block) -> tuple[str, ...]:
    """The generators that a block draws from (``"numpy"``, ``"python"``), in programs that it calls too."""
    found: set[str] = set()
    for statement in walk(block):
        match statement:
            case Draw(primitive=primitive):
                found.add(primitive.generator)
            case Call(primitive=ProgramPrimitive() as called):
                found.update(called.generators)
    return tuple(sorted(found))


def refuse_active_parameters(program: Program, activity: Activity) -> None:
    """Raise MissingRuleError where a parameter of a distribution that has no derivative depends on the inputs.

    An integer that is drawn carries no derivative, although its expected value has one: its parameters are refused
    whatever becomes of it. A floating-point number's are where a result depends on it.
    """
    for statement in walk(program.body):
        if not isinstance(statement, Draw):
            continue
        is_used = statement.out in activity or not statement.out.type.is_float
        moving = [at for at, arg in enumerate(statement.args) if activity.varies(arg)]
        if is_used and moving:
            raise MissingRuleError(
                f"a number drawn by {statement.primitive.name} has no derivative by a parameter of its distribution, "
                "and the derivative flows through one.",
                "draw from a distribution without that parameter and transform the number (np.random.normal and other "
                "families of locations and scales do so by themselves), weight it by its likelihood ratio, or pass "
                "jitad.stop_gradient(...) of the parameter if the derivative without it is meant.",
                statement.origin,
            )
