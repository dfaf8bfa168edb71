"""The command line: ``jitad demo``, ``jitad primitives``, ``jitad new-plugin`` and ``jitad doctor``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from jitad._version import __version__
from jitad.commands import demo, doctor, new_plugin, primitives
from jitad.errors import JitadError


def parser() -> argparse.ArgumentParser:
    """The command line's parser."""
    main_parser = argparse.ArgumentParser(
        prog="jitad", description="Derivatives of numeric kernels, compiled with Numba."
    )
    main_parser.add_argument("--version", action="version", version=f"jitad {__version__}")
    commands = main_parser.add_subparsers(dest="command", metavar="command")
    for command in (demo, primitives, new_plugin, doctor):
        command.add(commands)
    return main_parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line (by default the process's own) and return its exit status."""
    main_parser = parser()
    options = main_parser.parse_args(arguments)
    if options.command is None:
        main_parser.print_help()
        return 0
    try:
        status: int = options.run(options)
    except JitadError as error:
        print(f"jitad: {error}", file=sys.stderr)
        return 1
    return status


if __name__ == "__main__":
    raise SystemExit(main())
