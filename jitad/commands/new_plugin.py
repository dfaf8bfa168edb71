"""``jitad new-plugin``: a plugin package that works, to start from."""

from __future__ import annotations

import argparse
import re
import sys
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

SUFFIX = ".template"
"""The template's files end so, and no tool takes them for code."""


def add(commands: Any) -> None:
    """Add the subcommand to the command line's parser."""
    parser = commands.add_parser(
        "new-plugin",
        help="write a plugin package that works, with tests",
        description="Write a plugin package that works, with tests: one scalar and one array primitive to replace.",
    )
    parser.add_argument("name", help="the package's name, such as jitad-optics")
    parser.add_argument("--folder", type=Path, default=None, help="where to write it (default: ./NAME)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Write the package; the exit status."""
    name = options.name
    if re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name) is None:
        print(
            f"jitad: {name!r} is no good name for a package: use small letters, digits and '-', such as jitad-optics",
            file=sys.stderr,
        )
        return 1
    folder = Path(name) if options.folder is None else options.folder
    if folder.exists() and any(folder.iterdir()):
        print(f"jitad: the folder {folder} isn't empty", file=sys.stderr)
        return 1
    for path, text in package(name).items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    print(f"wrote {folder}. Install it and run its tests:\n")
    print(f"    pip install --editable '{folder}[test]'")
    print(f"    pytest {folder / 'tests'}")
    print(f"    jitad primitives --plugin {module_of(name)}")
    return 0


def module_of(name: str) -> str:
    """The module's name (and the plugin's) for a package's name."""
    return name.replace("-", "_")


def package(name: str) -> dict[str, str]:
    """The files of a new package: their texts by their paths, with ``/`` between folders."""
    found: dict[str, str] = {}
    _collect(files("jitad.commands") / "template", "", name, found)
    return found


def _collect(folder: Traversable, above: str, name: str, found: dict[str, str]) -> None:
    for item in sorted(folder.iterdir(), key=lambda item: item.name):
        path = above + _filled(item.name, name)
        if item.is_dir():
            _collect(item, f"{path}/", name, found)
        elif path.endswith(SUFFIX):
            found[path.removesuffix(SUFFIX)] = _filled(item.read_text(encoding="utf-8"), name)


def _filled(text: str, name: str) -> str:
    return text.replace("NAME_OF_PACKAGE", name).replace("NAME_OF_MODULE", module_of(name))
