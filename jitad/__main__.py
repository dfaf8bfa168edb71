"""The command line: ``jitad demo`` and ``jitad --version``."""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path

from jitad._version import __version__
from jitad.errors import JitadError

DEMOS = {
    "lynx": "fit the Lotka-Volterra model to pelts of lynx and snowshoe hare, 1900 to 1920",
    "cities": "recover a map of Europe from road distances",
}


def parser() -> argparse.ArgumentParser:
    """The command line's parser."""
    main_parser = argparse.ArgumentParser(
        prog="jitad", description="Derivatives of numeric kernels, compiled with Numba."
    )
    main_parser.add_argument("--version", action="version", version=f"jitad {__version__}")
    commands = main_parser.add_subparsers(dest="command", metavar="command")
    demo = commands.add_parser(
        "demo",
        help="fit a model to real data with jitad's gradients",
        description="Fit a model to real data with jitad's gradients, check them, time them, and plot the result.",
        epilog="demonstrations: " + "; ".join(f"{name}: {text}" for name, text in DEMOS.items()),
    )
    demo.add_argument("name", nargs="?", choices=tuple(DEMOS), default="lynx", help="which one (default: lynx)")
    demo.add_argument(
        "--output", type=Path, metavar="PNG", help="where to write the plot (default: jitad-demo-NAME.png)"
    )
    return main_parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line (by default the process's own) and return its exit status."""
    main_parser = parser()
    options = main_parser.parse_args(arguments)
    if options.command is None:
        main_parser.print_help()
        return 0
    if importlib.util.find_spec("matplotlib") is None:
        print("jitad: the demonstrations plot with matplotlib: pip install 'jitad[demo]'", file=sys.stderr)
        return 1
    output = options.output if options.output is not None else Path(f"jitad-demo-{options.name}.png")
    if not output.parent.is_dir():
        print(f"jitad: --output: there is no folder {output.parent}", file=sys.stderr)
        return 1
    try:
        importlib.import_module(f"jitad.demo.{options.name}").run(output)
    except JitadError as error:
        print(f"jitad: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
