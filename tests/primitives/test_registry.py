"""The table of primitives: look-ups, clashes, and plugins that are wrong."""

import math
import operator
from importlib.metadata import EntryPoint
from types import SimpleNamespace

import numpy as np
import pytest

from jitad.errors import PluginWarning, RegistryError
from jitad.primitives import core, registry
from jitad.primitives.hooks import hookimpl
from jitad.primitives.registry import Registry
from jitad.primitives.spec import ZERO, ScalarPrimitive


def softplus(x):
    return math.log1p(math.exp(x))


def primitive(name="softplus", function=softplus, template="softplus({0})"):
    return ScalarPrimitive(
        name=name,
        callables=(function,),
        template=template,
        typed_as=math.exp,
        partials=(ZERO,),
        names=((name, function),),
    )


def plugin(*primitives):
    @hookimpl
    def jitad_primitives():
        return list(primitives)

    return SimpleNamespace(jitad_primitives=jitad_primitives)


@pytest.mark.parametrize(
    ("functions", "name"),
    [
        ((math.sin, np.sin), "sin"),
        ((operator.add, np.add), "add"),
        ((np.divide, np.true_divide), "truediv"),
        ((np.remainder, np.mod), "mod"),
        ((np.abs, abs, np.absolute), "abs"),
        ((math.atan2, np.arctan2), "atan2"),
        ((np.equal,), "eq"),
        ((pow, np.power), "pow"),
        ((np.clip,), "clip"),
        ((float, np.float64), "to_float64"),
    ],
)
def test_aliases_are_one_primitive(functions, name):
    assert {registry.lookup(function) for function in functions} == {registry.by_name(name)}


def test_unknown_callables_have_no_primitive():
    table = Registry(installed=[])
    assert table.lookup([]) is None
    assert table.lookup({}) is None
    assert table.lookup(np.linalg.qr) is None
    assert table.lookup(softplus) is None
    assert table.lookup(operator.add) is core.add


def test_a_callable_named_by_text_is_found_once_its_module_is_imported():
    special = pytest.importorskip("scipy.special", reason="the callable named by text")
    assert registry.lookup(special.psi) is registry.by_name("digamma")


def test_register_and_unregister():
    table = Registry()
    before = table.fingerprint()
    table.register(plugin(primitive()), "mine")
    assert table.lookup(softplus) is table.by_name("softplus")
    assert table.owner(table.by_name("softplus")).name == "mine"
    assert table.fingerprint() != before
    table.unregister("mine")
    assert table.lookup(softplus) is None
    assert table.fingerprint() == before


def test_two_rules_of_one_callable_name_both_packages():
    table = Registry({"alpha": plugin(primitive()), "beta": plugin(primitive("other"))})
    with pytest.raises(RegistryError) as caught:
        table.lookup(softplus)
    assert caught.value.reason == "a rule for softplus is given by two packages: 'alpha' and 'beta'"
    assert caught.value.remedy == "uninstall one of them, or set JITAD_DISABLE_PLUGINS=alpha"


def test_two_primitives_of_one_name():
    with pytest.raises(RegistryError, match="a primitive named 'sin' is given by two packages: 'jitad' and 'alpha'"):
        Registry({"alpha": plugin(primitive("sin"))}).primitives()


def test_a_failed_registration_leaves_the_table():
    table = Registry()
    with pytest.raises(RegistryError, match="named 'sin'"):
        table.register(plugin(primitive("sin")), "mine")
    assert table.lookup(math.sin) is registry.lookup(math.sin)


def test_misspelt_hook():
    wrong = SimpleNamespace(jitad_primitive=plugin().jitad_primitives)
    with pytest.raises(RegistryError, match=r"has a hook 'jitad_primitive' that jitad doesn't know .*jitad_primitives"):
        Registry({"alpha": wrong}).primitives()


def test_unmarked_hook():
    with pytest.raises(RegistryError, match=r"'alpha'.* doesn't mark 'jitad_primitives' with jitad\.hookimpl"):
        Registry({"alpha": SimpleNamespace(jitad_primitives=list)}).primitives()


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (7, "returned int, not a list of primitives"),
        ([softplus], "which isn't a primitive"),
        ([primitive(template="softplus({0}, {1})")], r"its template .* has arguments \[0, 1\], but 1 partials"),
    ],
)
def test_wrong_answers(answer, message):
    wrong = SimpleNamespace(jitad_primitives=hookimpl(lambda: answer))
    with pytest.raises(RegistryError, match=message):
        Registry({"alpha": wrong}).primitives()


def test_a_plugin_that_cannot_be_imported_is_named():
    point = EntryPoint("broken", "no_such_module_of_jitad", "jitad")
    table = Registry(installed=[point])
    message = r"the jitad plugin 'broken' of the package 'broken' can't be imported: ModuleNotFoundError.*\n.*=broken"
    with pytest.warns(PluginWarning, match=message):
        table.primitives()
    assert [plugin.name for plugin in table.plugins()] == ["jitad"]
    assert [failure.plugin.name for failure in table.failures()] == ["broken"]
    assert table.lookup(math.sin) is table.by_name("sin")
    assert not Registry(installed=[point], blocked=["broken"]).failures()


@pytest.mark.parametrize("setting", ["alpha", "other, alpha", "*"])
def test_plugins_can_be_disabled(monkeypatch, setting):
    monkeypatch.setenv("JITAD_DISABLE_PLUGINS", setting)
    table = Registry({"alpha": plugin(primitive())})
    assert table.lookup(softplus) is None
    assert table.lookup(math.sin) is not None
