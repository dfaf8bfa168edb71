"""The tests are of jitad alone: plugins that happen to be installed beside it are left out."""

from __future__ import annotations

import os
from importlib.metadata import entry_points

os.environ["JITAD_DISABLE_PLUGINS"] = ",".join(sorted(point.name for point in entry_points(group="jitad")))
