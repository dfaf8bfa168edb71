"""Other engines' gradients over jitad's, where the engines are installed."""

from __future__ import annotations

from . import engines
from .case import Prepared
from .catalogue import ALL
from .timing import paired

CALLS = {
    f"{engine}: {case.name}": (engine, case)
    for engine in engines.ENGINES
    for case in ALL
    if engines.has_form(engine, case.kernel)
}


class Engines:
    """What an engine has a form of; what isn't installed is skipped, as asv does when set-up isn't implemented."""

    params = tuple(CALLS)
    param_names = ("engine and kernel",)
    timeout = 600.0

    def setup(self, name: str) -> None:
        engine, case = CALLS[name]
        if engine not in engines.installed():
            raise NotImplementedError
        self.prepared = Prepared(case)
        self.call = dict(engines.calls(case, self.prepared.arguments, engine))[engine]
        self.call()

    def time_gradient(self, name: str) -> None:
        self.call()

    def track_ratio_to_jitad(self, name: str) -> float:
        """Above 1 where jitad is faster."""
        return paired(self.prepared.gradient, self.call).ratio

    track_ratio_to_jitad.unit = "x"  # type: ignore[attr-defined]
