"""Which primitive a Python callable stands for: the primitives of all plugins in one table.

Plugins are loaded on the first question, never at import. ``JITAD_DISABLE_PLUGINS`` (names separated by commas,
or ``*`` for all) leaves external plugins out.
"""

from __future__ import annotations

import hashlib
import os
import sys
import threading
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from jitad.errors import PluginWarning, RegistryError
from jitad.primitives.definitions import Definition
from jitad.primitives.loading import (
    DISABLE_VARIABLE,
    Failure,
    Plugin,
    PluginFailed,
    failed,
    found_plugin,
    primitives_of,
)
from jitad.primitives.spec import Primitive, ScalarPrimitive

OWN = "jitad"


@dataclass(frozen=True)
class _Table:
    """What the plugins said; never changed once it is built, except that ``deferred`` is resolved."""

    plugins: list[Plugin]
    failures: list[Failure]
    owners: dict[Primitive, Plugin]
    by_name: dict[str, Primitive]
    by_callable: dict[Any, Primitive]
    deferred: dict[str, Primitive]


class Registry:
    """The primitives of jitad, of the given ``plugins`` (by name), and of the installed packages' entry points.

    ``blocked`` names plugins that aren't loaded. ``installed`` replaces the entry points found on this machine.
    An installed plugin that fails is left out with a PluginWarning; a given one that fails is an error.
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
        """The primitive that a Python callable stands for; None for anything else.

        Raises RegistryError when the plugin that has a rule for it had to be left out.
        """
        if isinstance(function, Definition):
            return function.primitive
        table = self._load()
        try:
            found = table.by_callable.get(function)
        except TypeError:  # unhashable: no plugin can have named it
            return None
        if found is None and table.deferred and callable(function):
            found = self._resolve_deferred(table, function)
        if found is None and table.failures:
            _refuse_failed(table, function)
        return found

    def by_name(self, name: str) -> Primitive:
        """The primitive of this name. Raises KeyError."""
        return self._load().by_name[name]

    def primitives(self) -> tuple[Primitive, ...]:
        """All primitives, in the order of their registration."""
        return tuple(self._load().owners)

    def plugins(self) -> tuple[Plugin, ...]:
        """The plugins that were loaded, jitad's own first."""
        return tuple(self._load().plugins)

    def failures(self) -> tuple[Failure, ...]:
        """The installed plugins that are left out because they failed."""
        return tuple(self._load().failures)

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
                    for failure in table.failures:
                        warnings.warn(f"jitad works on without a plugin: {failure.error}", PluginWarning, stacklevel=4)
        return table

    def _build(self) -> _Table:
        from jitad.primitives import builtin

        table = _Table([], [], {}, {}, {}, {})
        try:
            self._enter_all(table, Plugin(OWN, OWN, _version(), builtin))
            for name, given in self._given.items():
                if not self._is_blocked(name):
                    self._enter_all(table, Plugin(name, name, "", given))
        except PluginFailed as caught:
            raise caught.failure.error from caught.__cause__
        for point in self._entry_points():
            if self._is_blocked(point.name):
                continue
            try:
                self._enter_all(table, found_plugin(point))
            except PluginFailed as caught:
                table.failures.append(caught.failure)
        return table

    def _enter_all(self, table: _Table, plugin: Plugin) -> None:
        """Put a plugin's primitives into the table, all or none. Raises PluginFailed."""
        items = primitives_of(plugin)
        taken: dict[Any, Plugin] = {}
        for item in items:
            _require_free(table, item, plugin, items, taken)
        table.plugins.append(plugin)
        for item in items:
            _enter(table, item, plugin)

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
                    _teach(target, primitive)
            return table.by_callable.get(function)


def _version() -> str:
    from jitad._version import __version__

    return __version__


def _require_free(
    table: _Table, item: Primitive, plugin: Plugin, items: list[Primitive], taken: dict[Any, Plugin]
) -> None:
    """Raise when a primitive's name or a callable of it is taken, by another plugin or by this one.

    Two external plugins: a RegistryError, for neither is wrong by itself. Else PluginFailed.
    """
    names = {("name", item.name): f"a primitive named {item.name!r}"}
    names.update({("callable", function): f"a rule for {_written(function)}" for function in item.callables})
    for key, what in names.items():
        kind, value = key
        table_of = table.by_name if kind == "name" else table.deferred if isinstance(value, str) else table.by_callable
        owner = taken.get(key) or (table.owners[table_of[value]] if value in table_of else None)
        taken[key] = plugin
        if owner is None:
            continue
        error = _clash(what, owner, plugin)
        if owner is plugin or owner.name == OWN:
            raise failed(plugin, error, (other for other in items if other is not item))
        raise error


def _written(function: Any) -> str:
    return function if isinstance(function, str) else getattr(function, "__qualname__", None) or repr(function)


def _enter(table: _Table, primitive: Primitive, plugin: Plugin) -> None:
    table.by_name[primitive.name] = primitive
    table.owners[primitive] = plugin
    for function in primitive.callables:
        if isinstance(function, str):
            table.deferred[function] = primitive
        else:
            table.by_callable[function] = primitive
            _teach(function, primitive)


def _teach(function: Any, primitive: Primitive) -> None:
    """Let Numba call a function by the implementation that a plugin has for it."""
    if isinstance(primitive, ScalarPrimitive) and primitive.implementation is not None:
        from jitad.primitives.jitable import teach

        teach(function, primitive.implementation)


def _refuse_failed(table: _Table, function: Any) -> None:
    for failure in table.failures:
        for own in failure.callables:
            if own is function or (isinstance(own, str) and _named(own) is function):
                raise failure.error


def _named(path: str) -> Any:
    """What ``"module:attribute"`` names, if its module is imported."""
    module, _, attribute = path.partition(":")
    return getattr(sys.modules.get(module), attribute, None)


def _clash(what: str, first: Plugin, second: Plugin) -> RegistryError:
    if first is second:
        return RegistryError(
            f"{what} is given twice by the package {first.package!r}",
            f"remove one of the two, or set {DISABLE_VARIABLE}={first.name}",
        )
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
failures = default.failures
owner = default.owner
fingerprint = default.fingerprint
register = default.register
unregister = default.unregister
