"""Packages installed into a folder of their own, and Python run with it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


def install(package: Path, folder: Path) -> Path:
    """Install a package with pip into a folder; gives the folder."""
    pytest.importorskip("hatchling", reason="packages are built without a network")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--no-build-isolation", "--no-index", "--target", str(folder), str(package)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


def run(arguments: list[str], installed: Path | None, work: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run Python in ``work`` with what is installed in a folder, uncompiled unless ``variables`` say otherwise."""
    paths = [str(path) for path in (installed, ROOT) if path is not None]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(paths),
        "JITAD_CACHE_DIR": str(work / "cache"),
        "JITAD_DISABLE_JIT": "1",
        **variables,
    }
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, check=False, cwd=work, env=environment
    )
