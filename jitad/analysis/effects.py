"""Which parameters a program stores into."""

from __future__ import annotations

from jitad.analysis.aliasing import Aliases
from jitad.analysis.order import written_arrays
from jitad.program.queries import walk
from jitad.program.statements import Program
from jitad.program.types import Array


def written_params(program: Program) -> list[int]:
    """Positions of the array parameters whose memory the program may write."""
    aliases = Aliases(program)
    roots = {aliases.root(array) for statement in walk(program.body) for array in written_arrays(statement)}
    return [at for at, p in enumerate(program.params) if isinstance(p.type, Array) and aliases.root(p) in roots]
