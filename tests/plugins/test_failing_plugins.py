"""Installed plugins that are wrong: they are left out with a warning, and jitad works on."""

from __future__ import annotations

import math
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from jitad.errors import PluginWarning, RegistryError
from jitad.primitives.registry import Registry

HEAD = """
import math
import numpy as np
from jitad.plugin import array, composite, hookimpl, scalar, zero, ScalarPrimitive, ZERO

def cube(x):
    return x**3

def square(x):
    return x**2

@scalar(cube, implementation=cube)
def right(x, result):
    return 3.0 * x**2
"""

HOOK = """
@hookimpl
def jitad_primitives():
    return [right, wrong]
"""


def module(folder: Path, text: str, name: str = "some_rules") -> EntryPoint:
    """An entry point for a module of this text."""
    (folder / f"{name}.py").write_text(text, encoding="utf-8")
    return EntryPoint("some", name, "jitad")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    for name in ("some_rules", "other_rules"):
        sys.modules.pop(name, None)


WRONG = {
    "a syntax error": ("def", r"can't be imported: SyntaxError"),
    "an import error": ("import nothing_of_this_name", r"can't be imported: ModuleNotFoundError"),
    "the hook raises": (HEAD + "wrong = None\n" + HOOK.replace("[right, wrong]", "1 / 0"), r"raised ZeroDivisionError"),
    "not a list": (
        HEAD + "wrong = None\n" + HOOK.replace("[right, wrong]", "right"),
        r"returned ScalarDefinition, not",
    ),
    "no primitive": (HEAD + "wrong = cube\n" + HOOK, r"returned a list with <function cube.*which isn't a primitive"),
    "a misspelt hook": (
        HEAD + "wrong = right\n" + HOOK.replace("jitad_primitives", "jitad_rules"),
        r"has a hook 'jitad_",
    ),
    "an unmarked hook": (HEAD + "wrong = right\n" + HOOK.replace("@hookimpl", ""), r"doesn't mark 'jitad_primitives'"),
    "twice the same": (
        HEAD + "wrong = right\n" + HOOK,
        r"a primitive named 'cube' is given twice by the package 'some'",
    ),
    "a rule that jitad has": (
        HEAD + "@scalar(math.sin)\ndef wrong(x, result):\n    return math.cos(x)\n" + HOOK,
        r"a primitive named 'sin' is given by two packages: 'jitad' and 'some'",
    ),
    "a partial of another arity": (
        HEAD
        + "@scalar(math.hypot, name='far')\ndef wrong(x, y, result):\n    return x / result\n"
        + "@wrong.partial\ndef second(y, result):\n    return y / result\n"
        + HOOK,
        r"'far' is ill-formed: second takes 2 parameters; a partial .* takes the 2 arguments and the result",
    ),
    "an array rule of another arity": (
        HEAD
        + "@array\ndef wrong(out, a):\n    out[:] = a\n"
        + "@wrong.vjp\ndef rule(out, out_bar, a):\n    pass\n"
        + HOOK,
        r"ill-formed: rule takes 3 parameters; its vjp takes 4 parameters \(each parameter and its derivative\)",
    ),
    "an inert argument that isn't there": (
        HEAD + "@array(inert=('c',))\ndef wrong(out, a):\n    out[:] = a\n" + HOOK,
        r"its inert 'c' is none of its arguments a",
    ),
    "only a name": (
        HEAD + "wrong = None\n" + HOOK.replace("[right, wrong]", "[right, *zero('scipy.special:airy', arity=1)]"),
        r"'scipy.special:airy' is only a name, and compiled code can't call that",
    ),
    "fields of other types": (
        HEAD + "wrong = ScalarPrimitive(name='wrong', template=None, typed_as=cube, partials=None)\n" + HOOK,
        r"<primitive wrong>, which is ill-formed: TypeError",
    ),
    "an unknown callable": (
        HEAD
        + "wrong = ScalarPrimitive("
        + "name='wrong', callables=('airy',), template='f({0})', typed_as=cube, partials=(ZERO,))\n"
        + HOOK,
        r"'airy' in its callables isn't of the form 'module:attribute'",
    ),
    "cases of no use": (
        HEAD + "@composite(cases=[1.0])\ndef wrong(x):\n    return x\n" + HOOK,
        r"1\.0 in its cases is neither",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_it_is_left_out_with_a_warning_that_names_it(folder, what):
    text, message = WRONG[what]
    table = Registry(installed=[module(folder, text)])
    with pytest.warns(PluginWarning, match=message) as caught:
        assert table.lookup(math.cos) is table.by_name("cos")
    (warning,) = caught
    assert "'some'" in str(warning.message)
    assert "JITAD_DISABLE_PLUGINS=some" in str(warning.message)
    assert [plugin.name for plugin in table.plugins()] == ["jitad"]


def test_asking_for_one_of_its_callables_shows_the_error_again(folder):
    table = Registry(installed=[module(folder, HEAD + "wrong = cube\n" + HOOK)])
    with pytest.warns(PluginWarning):
        assert table.lookup(square) is None
    with pytest.raises(RegistryError, match="which isn't a primitive"):
        table.lookup(sys.modules["some_rules"].cube)


def test_a_warning_that_is_an_error_leaves_the_table(folder):
    table = Registry(installed=[module(folder, "def")])
    with pytest.raises(PluginWarning):
        table.plugins()
    assert table.lookup(math.cos) is table.by_name("cos")


def test_two_installed_plugins_with_one_rule_are_an_error(folder):
    text = HEAD + "wrong = zero(math.ulp, name='ulp', arity=1)[0]\n" + HOOK
    points = [module(folder, text), EntryPoint("other", "other_rules", "jitad")]
    (folder / "other_rules.py").write_text("from some_rules import *", encoding="utf-8")
    with pytest.raises(RegistryError, match="a primitive named 'cube' is given by two packages: 'other' and 'some'"):
        Registry(installed=points).plugins()


def square(x):
    return x**2


KERNEL = """
import math, warnings
import jitad
from jitad.primitives import registry
from importlib.metadata import EntryPoint
registry.default._installed = [EntryPoint("some", "nothing_of_this_name", "jitad")]
import numpy as np
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("default")
    print(jitad.grad(lambda x: np.sin(x))(0.0))
print(len(caught), caught[0].category.__name__)
try:
    jitad.grad(lambda x: math.ulp(x))(1.0)
except jitad.UnsupportedCallError as error:
    print(error.remedy)
"""


def test_kernels_work_on_and_a_missing_rule_tells_of_the_plugin(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(KERNEL, encoding="utf-8")
    command = [sys.executable, str(script)]
    environment = {"JITAD_CACHE_DIR": str(tmp_path / "cache"), "JITAD_DISABLE_JIT": "1", "PYTHONPATH": str(Path.cwd())}
    shown = subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout.splitlines()
    assert shown[:2] == ["1.0", "1 PluginWarning"]
    assert "the plugin 'some' is left out: the jitad plugin 'some' of the package 'some' can't be imported" in shown[2]
