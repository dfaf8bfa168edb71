"""Emitted source becomes a callable, once for each cache folder."""

from __future__ import annotations

import errno
import math
import os
import re
import subprocess
import sys
import tempfile
import textwrap
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jitad.building import imports
from jitad.building.compile import build, compilations, source_path
from jitad.errors import CacheError
from jitad.runtime import memory, plain


@dataclass
class Source:
    """What ``build`` reads of an emitted program."""

    source: str
    entry: str
    names: dict[str, Any] = field(default_factory=dict)
    plain_names: dict[str, Any] = field(default_factory=dict)
    on_threads: tuple[str, ...] = ()
    apart: tuple[str, ...] = ()


SUM = Source(
    textwrap.dedent("""
    def total(a, n):
        s = 0.0
        for i in range(n):
            s += sin(load(a, i))
        return s
    """),
    "total",
    {"sin": math.sin, "load": memory.load},
    {"sin": np.sin, "load": plain.load},
)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("JITAD_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_compiled_and_plain_agree_and_share_a_file(folder):
    a = np.arange(5.0)
    compiled, uncompiled = build(SUM), build(SUM, compiled=False)
    assert compiled(a, 5) == pytest.approx(uncompiled(a, 5), rel=1e-15)
    assert source_path(compiled) == source_path(uncompiled)
    assert folder in source_path(compiled).parents
    assert list(source_path(compiled).parent.glob("__pycache__/*.nbi"))


def test_only_what_is_said_to_lie_apart_is_compiled_so():
    text = "def {}(a, b):\n    for i in range(a.shape[0]):\n        store(b, i, 2.0 * load(a, i))\n"
    names = {"load": memory.load, "store": memory.store}
    heads = []
    for name, apart in (("near", ()), ("apart", ("apart",))):
        function = build(Source(text.format(name), name, names, apart=apart))
        a, b = np.arange(5.0), np.zeros(5)
        function(a, b)
        assert b.tolist() == [0.0, 2.0, 4.0, 6.0, 8.0]
        (code,) = function.inspect_llvm().values()
        heads += [line for line in code.splitlines() if line.startswith("define") and "%arg.b.4" in line]
    assert [re.search(r"noalias [^,]*%arg.b.4", head) is not None for head in heads] == [False, True]


def test_equal_sources_are_built_once():
    assert build(SUM) is build(SUM)
    assert build(SUM, fastmath=True) is not build(SUM)


def test_traceback_names_the_line_of_the_file():
    bad = Source("def f(a):\n    b = a\n    return missing(b)\n", "f")
    function = build(bad, compiled=False)
    with pytest.raises(NameError) as caught:
        function(1.0)
    entry = caught.traceback[-1]
    assert source_path(function).read_text().splitlines()[entry.lineno].strip() == "return missing(b)"


def test_folder_is_private_and_foreign_folders_are_refused(folder, monkeypatch):
    path = source_path(build(SUM, compiled=False))
    assert folder.stat().st_mode & 0o777 == 0o700
    assert path.parent.stat().st_mode & 0o777 == 0o700
    folder.chmod(0o770)
    with pytest.raises(CacheError, match="can be written to by other users"):
        build(SUM, compiled=False)
    folder.chmod(0o700)
    monkeypatch.setattr(os, "geteuid", lambda: folder.stat().st_uid + 1)
    with pytest.raises(CacheError, match="belongs to another user"):
        build(SUM, compiled=False)


def test_folder_that_cannot_be_made(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("JITAD_CACHE_DIR", str(tmp_path / "file" / "below"))
    with pytest.raises(CacheError, match="JITAD_CACHE_DIR"):
        build(SUM, compiled=False)


def _is_full(*args, **kwargs):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_folder_that_cannot_be_written_to(monkeypatch):
    build(SUM)(np.arange(5.0), 5)
    with monkeypatch.context() as patched:
        patched.setattr(tempfile, "mkstemp", _is_full)
        with pytest.raises(CacheError, match=r"can't be written to: No space left .*\n.* JITAD_CACHE_DIR"):
            build(Source("def f(x):\n    return x + 3\n", "f"))
        monkeypatch.setattr("jitad.building.compile._built", {})
        before = compilations()
        assert build(SUM)(np.arange(5.0), 5) == pytest.approx(np.sin(np.arange(5.0)).sum())
        assert compilations() == before  # what is there already is still used


def test_code_that_cannot_be_kept_still_runs(monkeypatch):
    from numba.core.caching import IndexDataCacheFile

    monkeypatch.setattr(IndexDataCacheFile, "_save_data", _is_full)
    with pytest.warns(RuntimeWarning, match=r"can't keep compiled code in .* No space left .* JITAD_CACHE_DIR"):
        assert build(Source("def f(x):\n    return x + 4\n", "f"))(1.0) == 5.0


def test_edited_helpers_change_the_file(monkeypatch):
    before = source_path(build(SUM, compiled=False))
    monkeypatch.setattr("jitad.building.compile.own_hash", lambda: "edited")
    assert source_path(build(SUM, compiled=False)) != before


def test_edited_plugin_changes_the_file(tmp_path, monkeypatch):
    plugin = tmp_path / "jitad_test_plugin.py"
    plugin.write_text("def twice(x):\n    return 2 * x\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    from jitad_test_plugin import twice

    source = Source("def f(x):\n    return twice(x)\n", "f", {"twice": twice})
    before = source_path(build(source, compiled=False))
    plugin.write_text("def twice(x):\n    return 2.0 * x\n")
    assert source_path(build(source, compiled=False)) != before


def test_header():
    class Local(Exception):
        pass

    def closure():
        return None

    header = imports.header_of(
        {"sin": math.sin, "tan": np.tan, "inf": math.inf, "float": float, "np": np, "E": Local, "closure": closure}
    )
    assert header.lines == [
        "from jitad.runtime.failures import Failure_0 as E",
        'inf = float("inf")',
        "import numpy as np",
        "from math import sin",
        "from numpy import tan",
    ]
    assert header.stand_ins == {"Failure_0": Local}
    assert header.injected == {"closure": closure}


def test_exceptions_without_import_path_are_the_users_own():
    class OwnError(ValueError):
        pass

    text = "def f(x):\n    if x < 0:\n        raise Own('negative', 3)\n    return x\n"
    source = Source(text, "f", {"Own": OwnError})
    function = build(source)
    assert function(1.0) == 1.0
    with pytest.raises(OwnError) as caught:
        function(-1.0)
    assert caught.value.args == ("negative", 3)


def test_second_process_compiles_nothing(folder):
    script = textwrap.dedent("""
        import numpy as np
        from test_compile import SUM
        from jitad.building.compile import build, compilations
        print(build(SUM)(np.arange(5.0), 5), compilations())
    """)
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *filter(None, sys.path)])}
    command = [sys.executable, "-c", script]
    runs = [
        subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout.split() for _ in range(2)
    ]
    assert runs[0][0] == runs[1][0]
    assert [run[1] for run in runs] == ["1", "0"]


def test_compilations_counts():
    before = compilations()
    source = Source("def f(x):\n    return x + 1\n", "f")
    build(source)(1.0)
    build(source)(1.0)
    assert compilations() == before + 1
