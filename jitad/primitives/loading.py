"""Plugins as they come: found by entry points, checked against the hooks, asked for their primitives."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint
from typing import Any

from jitad.errors import RegistryError
from jitad.primitives.definitions import Definition
from jitad.primitives.spec import Primitive

DISABLE_VARIABLE = "JITAD_DISABLE_PLUGINS"


@dataclass(frozen=True)
class Plugin:
    """A plugin: its name, the package that it comes from, and that package's version."""

    name: str
    package: str
    version: str
    implementation: Any = field(repr=False)


@dataclass(frozen=True)
class Failure:
    """An installed plugin that is left out, why, and the callables that it has rules for, as far as is known."""

    plugin: Plugin
    error: RegistryError
    callables: tuple[Any, ...] = ()


class PluginFailed(Exception):
    """Carries a ``Failure`` to the place that decides what becomes of it."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure)
        self.failure = failure


def found_plugin(point: EntryPoint) -> Plugin:
    """The plugin of an entry point, imported. Raises PluginFailed."""
    package = point.dist.name if point.dist is not None else point.name
    version = point.dist.version if point.dist is not None else ""
    try:
        return Plugin(point.name, package, version, point.load())
    except Exception as error:
        refused = RegistryError(
            f"the jitad plugin {point.name!r} of the package {package!r} can't be imported: "
            f"{type(error).__name__}: {error}",
            f"repair or uninstall {package}, or set {DISABLE_VARIABLE}={point.name}",
        )
        refused.__cause__ = error
        raise PluginFailed(Failure(Plugin(point.name, package, version, None), refused)) from error


def primitives_of(plugin: Plugin) -> list[Primitive]:
    """What a plugin's hook gives, checked. Raises PluginFailed for anything that isn't as ``Hooks`` specifies it."""
    from jitad.primitives.hooks import PROJECT, hook_names

    what = f"the plugin {plugin.name!r} of the package {plugin.package!r}"
    remedy = f"correct the plugin, or set {DISABLE_VARIABLE}={plugin.name}"
    manager = _manager()
    for name in dir(plugin.implementation):
        if not name.startswith(f"{PROJECT}_") or not callable(getattr(plugin.implementation, name)):
            continue
        if name not in hook_names():
            known = ", ".join(sorted(hook_names()))
            raise _failed(plugin, f"{what} has a hook {name!r} that jitad doesn't know (hooks: {known})", remedy)
        if manager.parse_hookimpl_opts(plugin.implementation, name) is None:
            raise _failed(plugin, f"{what} doesn't mark {name!r} with jitad.hookimpl", remedy)
    try:
        manager.register(plugin.implementation, plugin.name)
        manager.check_pending()
    except Exception as error:  # pluggy's own errors, and whatever an object that isn't a plugin raises
        raise _failed(plugin, f"{what} is ill-formed: {error}", remedy) from error
    hook = getattr(plugin.implementation, "jitad_primitives", None)
    if hook is None and plugin.implementation is None:
        raise _failed(plugin, f"{what} is None, not a module or an object with hooks", remedy)
    return [] if hook is None else _asked(hook, plugin, remedy)


def _manager() -> Any:
    from pluggy import PluginManager

    from jitad.primitives.hooks import PROJECT, Hooks

    manager = PluginManager(PROJECT)
    manager.add_hookspecs(Hooks)
    return manager


def _asked(hook: Any, plugin: Plugin, remedy: str) -> list[Primitive]:
    what = f"jitad_primitives() of the plugin {plugin.name!r} of the package {plugin.package!r}"
    try:
        answer = hook()
    except Exception as error:
        raise _failed(plugin, f"{what} raised {type(error).__name__}: {error}", remedy) from error
    if not isinstance(answer, list | tuple):
        raise _failed(plugin, f"{what} returned {type(answer).__name__}, not a list of primitives", remedy)
    items: list[Primitive] = []
    problems: list[str] = []
    for item in answer:
        if isinstance(item, Definition):
            try:
                item = item.primitive
            except RegistryError as error:
                problems.append(f"{what}: {error.reason}")
                continue
        if not isinstance(item, Primitive):
            problems.append(f"{what} returned a list with {item!r}, which isn't a primitive")
            continue
        items.append(item)
        problem = _problem(item)
        if problem is not None:
            problems.append(f"{what} returned {item!r}, which is ill-formed: {problem}")
    if problems:
        raise _failed(plugin, "; ".join(problems), remedy, items)
    return items


def _problem(item: Primitive) -> str | None:
    try:
        return item.problem()
    except (TypeError, ValueError, AttributeError) as error:  # fields of other types than declared
        return f"{type(error).__name__}: {error}"


def _failed(plugin: Plugin, reason: str, remedy: str, items: Sequence[Primitive] = ()) -> PluginFailed:
    return failed(plugin, RegistryError(reason, remedy), items)


def failed(plugin: Plugin, error: RegistryError, items: Iterable[Primitive]) -> PluginFailed:
    """A plugin that is left out although it has ``items``."""
    callables = tuple(function for item in items if isinstance(item.callables, tuple) for function in item.callables)
    return PluginFailed(Failure(plugin, error, callables))
