"""A script for a fresh process: ``python -m ...probe CASE`` prints what starting and compiling takes, as JSON.

Nothing in it may import jitad before the clock runs. ``import`` as the case measures only imports.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any


def run(what: str, cache: Path) -> dict[str, float]:
    """The figures of a fresh process whose caches are in ``cache`` (an empty folder for a cold start)."""
    environment = dict(os.environ, JITAD_CACHE_DIR=str(cache / "jitad"), NUMBA_CACHE_DIR=str(cache / "numba"))
    environment["PYTHONPATH"] = os.pathsep.join(part for part in sys.path if part)
    (cache / "jitad").mkdir(mode=0o700, exist_ok=True)
    command = [sys.executable, "-m", f"{__package__}.probe", what]
    finished = subprocess.run(command, env=environment, cwd=Path.cwd(), capture_output=True, text=True, check=False)
    if finished.returncode != 0:
        raise RuntimeError(f"the probe of {what} failed:\n{finished.stderr}")
    figures: dict[str, float] = json.loads(finished.stdout.splitlines()[-1])
    return figures


def _timed(call: Any) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def _import_jitad() -> None:
    import jitad  # noqa: F401


def _imports() -> dict[str, float]:
    import numba  # noqa: F401

    return {"import_seconds": _timed(_import_jitad)}


def _first_calls(name: str) -> dict[str, float]:
    """Numba's compiler is warmed on an unrelated function, then kernel and gradient compile in turn."""
    from .case import compiled
    from .catalogue import case_named

    case = case_named(name)
    arguments = case.inputs()
    compiled(_warm)(1.0, arguments[0])
    kernel_seconds = _timed(partial(compiled(case.kernel), *arguments))
    import jitad

    gradient = partial(jitad.value_and_grad(case.kernel, argnums=case.argnums), *arguments)
    first, second = _timed(gradient), _timed(gradient)
    from jitad.building.compile import compilations

    return {
        "kernel_seconds": kernel_seconds,
        "first_gradient_seconds": first,
        "later_gradient_seconds": second,
        "compilations": compilations(),
    }


def _warm(x: float, y: Any) -> float:
    total = 0.0
    for i in range(3):
        total += x * i
    return total


if __name__ == "__main__":
    chosen = sys.argv[1]
    print(json.dumps(_imports() if chosen == "import" else _first_calls(chosen)))
