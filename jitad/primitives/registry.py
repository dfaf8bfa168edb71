"""Which primitive a Python callable stands for: the primitives of all plugins in one table.

Plugins are loaded on the first question, never at import. ``JITAD_DISABLE_PLUGINS`` (names separated by commas,
or ``*`` for all) leaves external plugins out.
"""

from __future__ import annotations

import hashlib
import os
import sys
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from jitad.errors import RegistryError
from jitad.primitives.spec import Primitive

DISABLE_VARIABLE = "JITAD_DISABLE_PLUGINS"
OWN = "jitad"


@dataclass(frozen=True)
class Plugin:
    """A plugin that was loaded: its name, the package that it comes from, and that package's version."""

    name: str
    package: str
    version: str
    implementation: Any = field(repr=False)


@dataclass(frozen=True)
class _Table:
    """What the plugins said; never changed once it is built, except that ``deferred`` is resolved."""

    plugins: tuple[Plugin, ...]
    owners: dict[Primitive, Plugin]
    by_name: dict[str, Primitive]
    by_callable: dict[Any, Primitive]
    deferred: dict[str, Primitive]


class Registry:
    """The primitives of jitad, of the given ``plugins`` (by name), and of the installed packages' entry points.

    ``blocked`` names plugins that aren't loaded. ``installed`` replaces the entry points found on this machine.
    Safe to use from several threads.
    """

    def __init__(
        self,
        plugins: dict[str, Any] | None = None,
        *,
        blocked: Iterable[str] = (),
        installed: Iterable[EntryPoint] | None = None,
    ) -> None:
        self._given = dict(plugins or {})
        self._blocked = frozenset(blocked)
        self._installed = installed
        self._lock = threading.RLock()
        self._table: _Table | None = None

    def register(self, plugin: Any, name: str) -> None:
        """Add a plugin of this process (a module or object with ``hookimpl`` functions) to the table.

        Raises RegistryError when it clashes with what is registered; the registry is then as before.
        """
        with self._lock:
            if name in self._given:
                raise RegistryError(f"a plugin named {name!r} is registered already", "give the plugin another name")
            self._given[name] = plugin
            previous, self._table = self._table, None
            try:
                self._load()
            except Exception:
                del self._given[name]
                self._table = previous
                raise

    def unregister(self, name: str) -> None:
        """Take back a plugin added by ``register``."""
        with self._lock:
            self._given.pop(name, None)
            self._table = None

    def lookup(self, function: Any) -> Primitive | None:
        """The primitive that a Python callable stands for; None for anything else."""
        table = self._load()
        try:
            found = table.by_callable.get(function)
        except TypeError:  # unhashable: no plugin can have named it
            return None
        if found is None and table.deferred and callable(function):
            return self._resolve_deferred(table, function)
        return found

    def by_name(self, name: str) -> Primitive:
        """The primitive of this name. Raises KeyError."""
        return self._load().by_name[name]

    def primitives(self) -> tuple[Primitive, ...]:
        """All primitives, in the order of their registration."""
        return tuple(self._load().owners)

    def plugins(self) -> tuple[Plugin, ...]:
        """The plugins that were loaded, jitad's own first."""
        return self._load().plugins

    def owner(self, primitive: Primitive) -> Plugin:
        """The plugin that a primitive comes from."""
        return self._load().owners[primitive]

    def fingerprint(self) -> str:
        """A digest that changes when a plugin, its version, or the source of a rule changes (for cache keys)."""
        from jitad.primitives.source import source_digest

        digest = hashlib.sha256()
        table = self._load()
        for plugin in table.plugins:
            digest.update(f"{plugin.name}\0{plugin.package}\0{plugin.version}\0".encode())
            own = [primitive for primitive, owner in table.owners.items() if owner is plugin]
            digest.update(source_digest(plugin.implementation, own))
        return digest.hexdigest()

    # Loading

    def _load(self) -> _Table:
        table = self._table
        if table is None:
            with self._lock:
                table = self._table
                if table is None:
                    table = self._table = self._build()
        return table

    def _build(self) -> _Table:
        from jitad.primitives import builtin

        version = _version(OWN)
        plugins = [Plugin(OWN, OWN, version, builtin)]
        plugins += [Plugin(name, name, "", given) for name, given in self._given.items() if not self._is_blocked(name)]
        plugins += [_load_entry_point(point) for point in self._entry_points() if not self._is_blocked(point.name)]
        table = _Table(tuple(plugins), {}, {}, {}, {})
        for plugin, primitives in _collect(plugins):
            for primitive in primitives:
                _enter(table, primitive, plugin)
        return table

    def _is_blocked(self, name: str) -> bool:
        listed = {part.strip() for part in os.environ.get(DISABLE_VARIABLE, "").split(",")}
        return name in self._blocked or name in listed or "*" in listed

    def _entry_points(self) -> list[EntryPoint]:
        found = entry_points(group=OWN) if self._installed is None else self._installed
        return sorted(found, key=lambda point: point.name)

    def _resolve_deferred(self, table: _Table, function: Any) -> Primitive | None:
        """Callables that plugins gave as ``"module:attribute"``: looked at once their module is imported."""
        with self._lock:
            for path, primitive in list(table.deferred.items()):
                module, _, attribute = path.partition(":")
                if module not in sys.modules:
                    continue
                del table.deferred[path]
                target = getattr(sys.modules[module], attribute, None)
                if target is not None:
                    table.by_callable.setdefault(target, primitive)
            return table.by_callable.get(function)


def _version(package: str) -> str:
    if package == OWN:
        import jitad

        return str(getattr(jitad, "__version__", ""))
    return ""


def _load_entry_point(point: EntryPoint) -> Plugin:
    package = point.dist.name if point.dist is not None else point.name
    version = point.dist.version if point.dist is not None else ""
    try:
        implementation = point.load()
    except Exception as error:
        raise RegistryError(
            f"the jitad plugin {point.name!r} of the package {package!r} can't be imported: "
            f"{type(error).__name__}: {error}",
            f"repair or uninstall {package}, or set {DISABLE_VARIABLE}={point.name}",
        ) from error
    return Plugin(point.name, package, version, implementation)


def _collect(plugins: list[Plugin]) -> list[tuple[Plugin, list[Primitive]]]:
    """Ask each plugin's hook for its primitives, after checking the plugin against the hook specifications."""
    from pluggy import PluginManager, PluginValidationError

    from jitad.primitives.hooks import PROJECT, Hooks, hook_names

    manager = PluginManager(PROJECT)
    manager.add_hookspecs(Hooks)
    for plugin in plugins:
        remedy = f"correct the plugin, or set {DISABLE_VARIABLE}={plugin.name}"
        for name in dir(plugin.implementation):
            if not name.startswith(f"{PROJECT}_") or not callable(getattr(plugin.implementation, name)):
                continue
            what = f"the plugin {plugin.name!r} of the package {plugin.package!r}"
            if name not in hook_names():
                known = ", ".join(sorted(hook_names()))
                raise RegistryError(f"{what} has a hook {name!r} that jitad doesn't know (hooks: {known})", remedy)
            if manager.parse_hookimpl_opts(plugin.implementation, name) is None:
                raise RegistryError(f"{what} doesn't mark {name!r} with jitad.hookimpl", remedy)
        try:
            manager.register(plugin.implementation, plugin.name)
            manager.check_pending()
        except (PluginValidationError, ValueError) as error:
            raise RegistryError(f"the plugin {plugin.name!r} is ill-formed: {error}", remedy) from error
    collected = []
    for plugin in plugins:
        hook = getattr(plugin.implementation, "jitad_primitives", None)
        collected.append((plugin, [] if hook is None else _ask(hook, plugin)))
    return collected


def _ask(hook: Any, plugin: Plugin) -> list[Primitive]:
    what = f"jitad_primitives() of the plugin {plugin.name!r} of the package {plugin.package!r}"
    remedy = f"correct the plugin, or set {DISABLE_VARIABLE}={plugin.name}"
    try:
        answer = hook()
    except Exception as error:
        raise RegistryError(f"{what} raised {type(error).__name__}: {error}", remedy) from error
    if not isinstance(answer, list | tuple):
        raise RegistryError(f"{what} returned {type(answer).__name__}, not a list of primitives", remedy)
    for item in answer:
        if not isinstance(item, Primitive):
            raise RegistryError(f"{what} returned a list with {item!r}, which isn't a primitive", remedy)
        problem = item.problem()
        if problem is not None:
            raise RegistryError(f"{what} returned {item!r}, which is ill-formed: {problem}", remedy)
    return list(answer)


def _enter(table: _Table, primitive: Primitive, plugin: Plugin) -> None:
    """Put one primitive into the table. Raises RegistryError when its name or a callable is taken."""
    other = table.by_name.get(primitive.name)
    if other is not None:
        raise _clash(f"a primitive named {primitive.name!r}", table.owners[other], plugin)
    table.by_name[primitive.name] = primitive
    table.owners[primitive] = plugin
    for function in primitive.callables:
        target: dict[Any, Primitive] = table.deferred if isinstance(function, str) else table.by_callable
        if function in target:
            name = function if isinstance(function, str) else getattr(function, "__qualname__", None) or repr(function)
            raise _clash(f"a rule for {name}", table.owners[target[function]], plugin)
        target[function] = primitive


def _clash(what: str, first: Plugin, second: Plugin) -> RegistryError:
    if first is second:
        return RegistryError(f"{what} is given twice by the package {first.package!r}", "remove one of the two")
    removable = second if first.name == OWN else first
    return RegistryError(
        f"{what} is given by two packages: {first.package!r} and {second.package!r}",
        f"uninstall one of them, or set {DISABLE_VARIABLE}={removable.name}",
    )


default = Registry()
"""The registry that jitad itself asks."""

lookup = default.lookup
by_name = default.by_name
primitives = default.primitives
plugins = default.plugins
owner = default.owner
fingerprint = default.fingerprint
register = default.register
unregister = default.unregister
