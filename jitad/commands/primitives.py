"""``jitad primitives``: what jitad has rules for, and where they come from."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import textwrap
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jitad.primitives.description import Description
    from jitad.primitives.registry import Registry

COLUMNS = ("name", "callables", "kind", "modes", "dtypes", "records", "kink")
"""The table's columns; its rows are grouped by plugin."""

_WIDEST = {"callables": 44, "kink": 40, "modes": 40}


def add(commands: Any) -> None:
    """Add the subcommand to the command line's parser."""
    parser = commands.add_parser(
        "primitives",
        help="list the functions that jitad has derivative rules for",
        description="List the functions that jitad has derivative rules for, with the plugins that they come from.",
    )
    parser.add_argument("name", nargs="?", help="one primitive, or one of its callables: sin, np.sin")
    parser.add_argument("--plugin", metavar="NAME", help="only those of one plugin or package")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the list, or one primitive; the exit status (1 for a name that there isn't, and for a plugin left out)."""
    from jitad.primitives.description import describe
    from jitad.primitives.registry import default as registry

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what is left out is told below
        registry.plugins()
    if options.plugin is not None:
        named = [plugin.name for plugin in registry.plugins() if options.plugin in (plugin.name, plugin.package)]
        if not named:
            return _without(registry, options.plugin)
        options.plugin = named[0]
    found = [describe(primitive, registry) for primitive in registry.primitives()]
    owners = [registry.owner(primitive).name for primitive in registry.primitives()]
    chosen = [row for row, owner in zip(found, owners, strict=True) if options.plugin in (None, owner)]
    if options.name is not None:
        chosen = [row for row in chosen if options.name == row.name or options.name in row.callables.split(", ")]
        if not chosen:
            where = f" in the plugin {options.plugin!r}" if options.plugin else ""
            print(f"jitad: there is no primitive {options.name!r}{where}", file=sys.stderr)
            return 1
        print("\n\n".join(map(_paragraph, chosen)))
    else:
        print("\n\n".join(_tables(chosen)))
    for failure in registry.failures():
        print(f"\njitad: left out: {failure.error}", file=sys.stderr)
    return 0


def _without(registry: Registry, name: str) -> int:
    from jitad.primitives.loading import DISABLE_VARIABLE

    for failure in registry.failures():
        if name in (failure.plugin.name, failure.plugin.package):
            print(f"jitad: {failure.error}", file=sys.stderr)
            return 1
    known = ", ".join(plugin.name for plugin in registry.plugins())
    disabled = os.environ.get(DISABLE_VARIABLE)
    why = f"; {DISABLE_VARIABLE} is {disabled}" if disabled else ""
    print(f"jitad: no plugin {name!r} is loaded (loaded: {known}{why})", file=sys.stderr)
    return 1


def _tables(rows: Sequence[Description]) -> Iterable[str]:
    """A table for each plugin."""
    for plugin in dict.fromkeys(row.plugin for row in rows):
        own = [row for row in rows if row.plugin == plugin]
        yield f"{plugin}: {len(own)} primitive{'' if len(own) == 1 else 's'}\n\n" + _table(own)


def _table(rows: Sequence[Description]) -> str:
    cells = [COLUMNS, *([_cut(getattr(row, column), column) for column in COLUMNS] for row in rows)]
    widths = [max(len(line[at]) for line in cells) for at in range(len(COLUMNS))]
    lines = ["  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip() for line in cells]
    return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:]])


def _cut(text: str, column: str) -> str:
    widest = _WIDEST.get(column)
    return text if widest is None or len(text) <= widest else text[: widest - 1] + "…"


def _paragraph(row: Description) -> str:
    """All that there is to say of one primitive."""
    width = max(shutil.get_terminal_size().columns, 60)
    lines = []
    for field in fields(row):
        text = getattr(row, field.name)
        if text:
            lines += textwrap.wrap(f"{field.name:<10} {text}", width, subsequent_indent=" " * 11)
    return "\n".join(lines)
