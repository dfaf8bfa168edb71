"""``jitad demo``: fit a model to real data."""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import sys
from pathlib import Path
from typing import Any

DEMOS = {
    "lynx": "fit the Lotka-Volterra model to pelts of lynx and snowshoe hare, 1900 to 1920",
    "cities": "recover a map of Europe from road distances",
}


def add(commands: Any) -> None:
    """Add the subcommand to the command line's parser."""
    parser = commands.add_parser(
        "demo",
        help="fit a model to real data with jitad's gradients",
        description="Fit a model to real data with jitad's gradients, check them, time them, and plot the result.",
        epilog="demonstrations: " + "; ".join(f"{name}: {text}" for name, text in DEMOS.items()),
    )
    parser.add_argument("name", nargs="?", choices=tuple(DEMOS), default="lynx", help="which one (default: lynx)")
    parser.add_argument(
        "--output", type=Path, metavar="PNG", help="where to write the plot (default: jitad-demo-NAME.png)"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run a demonstration; the exit status."""
    if importlib.util.find_spec("matplotlib") is None:
        print("jitad: the demonstrations plot with matplotlib: pip install 'jitad[demo]'", file=sys.stderr)
        return 1
    output = options.output if options.output is not None else Path(f"jitad-demo-{options.name}.png")
    if not output.parent.is_dir():
        print(f"jitad: --output: there is no folder {output.parent}", file=sys.stderr)
        return 1
    importlib.import_module(f"jitad.demo.{options.name}").run(output)
    return 0
