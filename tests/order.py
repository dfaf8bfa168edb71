"""The order of test files on several workers: by the number of their tests, but a long one of few tests first."""

from __future__ import annotations

from typing import Any

from xdist.scheduler import LoadFileScheduling

LONG = ("tests/cuda/test_simulated.py",)
"""It has one test, so it would come last, when all other workers have nothing left to do."""


class LongFilesFirst(LoadFileScheduling):
    """Gives workers whole files, as ``--dist=loadfile`` does."""

    def schedule(self) -> Any:
        """Give each worker its first files, which have the most tests; the long ones are next."""
        super().schedule()
        for name in LONG:
            if name in self.workqueue:
                self.workqueue.move_to_end(name, last=False)
