"""The most memory that a process has when it runs nothing but a kernel, or nothing but its gradient."""

from __future__ import annotations

from typing import Any

from .case import Case, compiled
from .catalogue import ALL, case_named
from .family import names


class Memory:
    """Both contain the interpreter, Numba's compiler and the inputs; what the gradient needs is the difference."""

    params = names(ALL)
    param_names = ("kernel",)
    timeout = 600.0
    case: Case
    arguments: tuple[Any, ...]

    def setup(self, name: str) -> None:
        self.case = case_named(name)
        self.arguments = self.case.inputs()

    def peakmem_primal(self, name: str) -> None:
        compiled(self.case.primal or self.case.kernel)(*self.arguments)

    def peakmem_gradient(self, name: str) -> None:
        import jitad

        jitad.value_and_grad(self.case.kernel, argnums=self.case.argnums)(*self.arguments)
