"""The one place where packages plug in: a pluggy hook that returns primitives.

A plugin is a module (or any object) with functions marked by ``hookimpl``, named by an entry point of the group
``jitad``. jitad's own primitives come in through the same hook.
"""

from __future__ import annotations

from collections.abc import Sequence

import pluggy

from jitad.primitives.definitions import Definition
from jitad.primitives.spec import Primitive

PROJECT = "jitad"
"""The name of the pluggy project, of the entry point group, and the prefix of every hook's name."""

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


class Hooks:
    """The hooks that a plugin may implement."""

    @hookspec
    def jitad_primitives(self) -> Sequence[Primitive | Definition]:  # type: ignore[empty-body]
        """The primitives that this plugin adds, as a list or a tuple of what the decorators of ``jitad.plugin`` make.

        It is called once, when a registry is first asked, without arguments. Names and callables must be nobody
        else's. A plugin for which this raises, or gives anything else, is left out with a PluginWarning.
        """


def hook_names() -> frozenset[str]:
    """The names of all hooks."""
    return frozenset(name for name in vars(Hooks) if name.startswith(f"{PROJECT}_"))
