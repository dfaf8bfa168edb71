"""``jitad doctor``: what jitad finds on this machine, what it uses, and what is missing."""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import textwrap
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from jitad._version import __version__
from jitad.commands import doctor_cuda
from jitad.errors import JitadError

_LAYERS = {"tbb": "tbbpool", "omp": "omppool", "workqueue": "workqueue"}
_PACKAGES = ("numba", "llvmlite", "numpy", "scipy")
_WIDTH = 100
_HEAD = 14


def add(commands: Any) -> None:
    """Add the subcommand to the command line's parser."""
    parser = commands.add_parser(
        "doctor",
        help="show what jitad finds on this machine, and what is missing",
        description="Show versions, CPU, threads, vector library, cache and CUDA as they are found.",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print what there is; the exit status (1 when jitad can't work as it is set up)."""
    status = 0
    for head, section in (
        ("versions", _versions),
        ("plugins", _plugins),
        ("CPU", _cpu),
        ("threads", _threads),
        ("vector math", _vector_math),
        ("cache", _cache),
        ("CUDA", doctor_cuda.lines),
    ):
        try:
            lines = list(section())
        except JitadError as error:
            lines, status = [f"not usable: {error}"], 1
        print(_paragraph(head, lines))
    return status


def _paragraph(head: str, lines: Iterable[str]) -> str:
    folded = [part for line in lines for part in textwrap.wrap(line, _WIDTH - _HEAD, subsequent_indent="  ")]
    heads = [head, *[""] * (len(folded) - 1)]
    return "\n".join(f"{first:<{_HEAD}}{line}".rstrip() for first, line in zip(heads, folded, strict=True))


def _versions() -> Iterable[str]:
    yield f"jitad {__version__}, Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    yield ", ".join(f"{package} {_version(package)}" for package in _PACKAGES)


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "missing"


def _plugins() -> Iterable[str]:
    from jitad.primitives.registry import default as registry

    yield ", ".join(f"{plugin.name} {plugin.version}".strip() for plugin in registry.plugins())
    for failure in registry.failures():
        yield f"left out: {failure.error}"


def _cpu() -> Iterable[str]:
    from llvmlite import binding

    from jitad.vector.libraries import cpu_features

    features = cpu_features()
    vectors = [name for name in ("sse2", "avx", "avx2", "fma", "avx512f", "neon", "sve") if f"+{name}" in features]
    yield f"{binding.get_host_cpu_name()}, {_cores()} cores for this process"
    yield f"Numba compiles for {', '.join(vectors) or 'no vector instructions that jitad uses'}"


def _cores() -> int | None:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def _threads() -> Iterable[str]:
    from numba import config

    from jitad.batching.workers import thread_count

    setting = vars(config)
    yield f"{thread_count()} for jitad.batch and for Numba's parallel loops (numba.set_num_threads, NUMBA_NUM_THREADS)"
    layers = [name for name, module in _LAYERS.items() if _can_import(f"numba.np.ufunc.{module}")]
    yield f"Numba's threading layers: {', '.join(layers) or 'none'}; {setting['THREADING_LAYER']} is asked for"
    yield "jitad.batch has threads of its own, with a tape each, and needs none of these layers"


def _can_import(module: str) -> bool:
    try:
        importlib.import_module(module)
    except ImportError:
        return False
    return True


def _vector_math() -> Iterable[str]:
    from jitad.vector import choice, libraries
    from jitad.vector.functions import FUNCTIONS, SUFFIXES

    setting = choice.setting()
    yield f"{choice.VARIABLE} is {setting}"
    for name, library in (("libmvec (glibc)", libraries.libmvec()), ("libsvml (Intel)", libraries.svml())):
        yield f"{name}: {library.path if library is not None else 'not found'}"
    rows: dict[str, list[str]] = {}
    for name in FUNCTIONS:
        rows.setdefault("; ".join(_served_as(name, dtype) for dtype in SUFFIXES), []).append(name)
    for served, names in rows.items():
        yield f"{served or 'scalar'}: {' '.join(names)}"
    if setting != "off" and libraries.is_possible() and any("scalar" in row for row in rows):
        yield "for more of them: pip install 'jitad[svml]'"


def _served_as(name: str, dtype: str) -> str:
    from jitad.vector import choice

    if choice.is_written_out(name, dtype):
        return f"{dtype} written out"
    entry = choice.served().get((name, dtype))
    if entry is None:
        return f"{dtype} scalar"
    library, addresses = entry
    return f"{dtype} {library.name} by {', '.join(map(str, addresses))}"


def _cache() -> Iterable[str]:
    from jitad.building.cache import VARIABLE, cache_folder, kernels_folder

    root = cache_folder()
    files = [path for path in root.rglob("*") if path.is_file()] if root.is_dir() else []
    size = sum(path.stat().st_size for path in files)
    yield f"{root} ({VARIABLE} moves it)"
    yield f"{len(files)} files, {size / 1e6:.1f} MB"
    is_writable = os.access(kernels_folder(), os.W_OK)
    yield "writable" if is_writable else f"not writable: set {VARIABLE} to a folder that you can write to"
    if os.environ.get("JITAD_DISABLE_JIT", "0") not in ("", "0"):
        yield "JITAD_DISABLE_JIT is set: nothing is compiled"
