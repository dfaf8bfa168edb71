"""Other engines' gradients over jitad's, where the engines are installed."""

from __future__ import annotations

from . import engines
from .case import Prepared
from .catalogue import ALL, case_named
from .family import names
from .timing import paired


class Engines:
    """Each kernel that an engine has a form of; the rest is skipped, as asv does when set-up isn't implemented."""

    params = (names(ALL), list(engines.ENGINES))
    param_names = ("kernel", "engine")
    timeout = 600.0

    def setup(self, name: str, engine: str) -> None:
        case = case_named(name)
        if engine not in engines.installed() or engines.forms(engine, case.kernel) is None:
            raise NotImplementedError
        self.prepared = Prepared(case)
        found = dict(engines.calls(case, self.prepared.arguments, engine))
        if engine not in found:
            raise NotImplementedError
        self.call = found[engine]

    def time_gradient(self, name: str, engine: str) -> None:
        self.call()

    def track_ratio_to_jitad(self, name: str, engine: str) -> float:
        """Above 1 where jitad is faster."""
        return paired(self.prepared.gradient, self.call).ratio

    track_ratio_to_jitad.unit = "x"  # type: ignore[attr-defined]
