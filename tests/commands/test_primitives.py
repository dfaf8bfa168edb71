"""``jitad primitives``: the list, one plugin, one primitive, and what is left out."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from importlib.metadata import EntryPoint
from types import SimpleNamespace

import numpy as np
import pytest

from jitad.__main__ import main
from jitad.plugin import array, hookimpl, scalar, zero
from jitad.primitives import registry
from jitad.primitives.description import describe, written


def airy(x):
    return x


@scalar(airy, implementation=airy, kink="0 at 0", doc="One of two solutions.", also=("some.module:airy_function",))
def airy_x(x, result):
    return result + 1.0


@array(outs=2, inert=("n",))
def split_into(first, second, a, n):
    """Split a vector."""
    first[:] = a
    second[:] = a


@split_into.vjp
def split_vjp(first, first_bar, second, second_bar, vector, vector_bar, n, n_bar):
    vector_bar += first_bar * vector


@pytest.fixture
def _mine():
    @hookimpl
    def jitad_primitives():
        return [airy_x, split_into, *zero(math.ulp, arity=1, implementation=airy)]

    registry.register(SimpleNamespace(jitad_primitives=jitad_primitives), "mine")
    yield
    registry.unregister("mine")


def shown(capsys, *arguments):
    assert main(["primitives", *arguments]) == 0
    return capsys.readouterr().out


def test_the_list_has_every_primitive_once(capsys):
    lines = shown(capsys).splitlines()
    first = [line.split("  ")[0] for line in lines if line]
    for primitive in registry.primitives():
        assert first.count(primitive.name) == 1
    assert re.match(r"jitad \S+: \d+ primitives$", lines[0])
    assert lines[2].split() == ["name", "callables", "kind", "modes", "dtypes", "records", "kink"]


def test_no_line_is_endless(capsys):
    assert max(map(len, shown(capsys).splitlines())) < 260


@pytest.mark.usefixtures("_mine")
def test_one_plugin(capsys):
    lines = shown(capsys, "--plugin", "mine").splitlines()
    assert lines[0] == "mine: 3 primitives"
    rows = [re.split(r"\s{2,}", line) for line in lines[4:]]
    own = f"{__name__}.airy"
    assert rows == [
        [
            "airy",
            f"{own}, some.module.airy_function"[:43] + "…",
            "scalar",
            "forward, reverse",
            rows[0][4],
            "result",
            "0 at 0",
        ],
        ["split_into", f"{__name__}.split_into"[:44], "array", "reverse", "as its code", "vector"],
        ["ulp", "math.ulp", "zero", "forward, reverse", rows[2][4], "nothing"],
    ]
    assert "float64, float32" in rows[0][4]


@pytest.mark.usefixtures("_mine")
@pytest.mark.parametrize("name", ["airy", "some.module.airy_function"])
def test_one_primitive(capsys, name):
    text = shown(capsys, name)
    for line in (
        "name       airy",
        "plugin     mine",
        "targets    cpu",
        "kink       0 at 0",
        "doc        One of two solutions.",
    ):
        assert line in text.splitlines()


def test_a_primitive_by_the_name_that_users_write(capsys):
    text = shown(capsys, "np.hypot")
    assert "callables  math.hypot, np.hypot" in text
    assert "records    a, b, result" in text


def test_an_unknown_name(capsys):
    assert main(["primitives", "--plugin", "jitad", "nothing_of_this_name"]) == 1
    assert capsys.readouterr().err == "jitad: there is no primitive 'nothing_of_this_name' in the plugin 'jitad'\n"


def test_a_plugin_by_the_name_of_its_package(capsys, monkeypatch):
    everything = [replace(plugin, package="its-package") for plugin in registry.default.plugins()]
    monkeypatch.setattr(registry.default, "plugins", lambda: everything)
    assert shown(capsys, "--plugin", "its-package") == shown(capsys, "--plugin", "jitad")


def test_an_unknown_plugin(capsys, monkeypatch):
    monkeypatch.setenv("JITAD_DISABLE_PLUGINS", "some")
    assert main(["primitives", "--plugin", "some"]) == 1
    error = capsys.readouterr().err
    assert error.startswith("jitad: no plugin 'some' is loaded (loaded: jitad")
    assert "JITAD_DISABLE_PLUGINS is some" in error


def test_a_plugin_that_failed(capsys, monkeypatch):
    point = EntryPoint("some", "nothing_of_this_name", "jitad")
    monkeypatch.setattr("jitad.primitives.registry.default", registry.Registry(installed=[point]))
    assert main(["primitives", "--plugin", "some"]) == 1
    assert "the jitad plugin 'some' of the package 'some' can't be imported" in capsys.readouterr().err
    assert main(["primitives", "sin"]) == 0
    assert "jitad: left out: the jitad plugin 'some'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("function", "text"),
    [
        (np.sin, "np.sin"),
        (math.sin, "math.sin"),
        (abs, "abs"),
        (np.linalg.norm, "np.linalg.norm"),
        (np.var, "np.var"),
        (np.float64, "np.float64"),
        ("scipy.special:erf", "scipy.special.erf"),
    ],
)
def test_callables_are_written_as_users_write_them(function, text):
    assert written(function) == text


def test_an_argument_without_a_rule_is_named():
    @scalar(airy, name="two", implementation=airy)
    def two(x, y, result):
        return 1.0

    described = describe(two.primitive, SimpleNamespace(owner=lambda primitive: registry.Plugin("a", "b", "1", None)))
    assert described.modes == "forward, reverse; not by argument 1"
    assert described.plugin == "a (b 1)"
