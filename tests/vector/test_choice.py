"""The option, and what it chooses; slots for all functions there are."""

from __future__ import annotations

import pytest

from jitad.errors import ArgumentError
from jitad.vector import choice, libraries, slots
from jitad.vector.functions import FUNCTIONS, SUFFIXES


@pytest.fixture
def choose(monkeypatch):
    def chosen(setting):
        monkeypatch.setenv(choice.VARIABLE, setting)
        return choice.served.__wrapped__()

    return chosen


def test_off_serves_nothing(choose):
    assert choose("off") == {}


@pytest.mark.parametrize("name", ["libmvec", "svml"])
def test_one_library_only(choose, name):
    library = getattr(libraries, name)()
    if library is None:
        assert choose(name) == {}
        pytest.skip(f"{name} isn't installed")
    served = choose(name.upper())
    assert {found for found, _ in served.values()} == {library}
    assert not choice.UNFIT[name] & set(served)
    for (_, dtype), (_, addresses) in served.items():
        assert set(addresses) <= set(libraries.widths_here(dtype)) <= set(libraries.widths(dtype))


@pytest.mark.skipif(libraries.libmvec() is None, reason="no libmvec here")
def test_what_one_library_lacks_another_serves(choose, monkeypatch):
    other = libraries.Library("svml", "elsewhere", None)
    monkeypatch.setattr(libraries.Library, "address", lambda self, *asked: 1 if self is other else None)
    monkeypatch.setitem(choice._SETTINGS, "auto", (libraries.libmvec, lambda: other))
    served = choose("auto")
    assert {found for found, _ in served.values()} == {other}
    assert ("pow", "float64") not in served  # its zero has the wrong sign
    assert len(served) == len(FUNCTIONS) * len(SUFFIXES) - 1


def test_another_value_is_refused(choose):
    with pytest.raises(ArgumentError, match="JITAD_VECTOR_MATH is 'fast'") as caught:
        choose("fast")
    assert "auto, libmvec, svml, off" in str(caught.value)


def test_narrow_registers(monkeypatch):
    monkeypatch.setattr(libraries, "cpu_features", lambda: frozenset({"+sse2"}))
    assert libraries.widths_here("float64") == (2,)
    assert libraries.widths_here("float32") == (4,)


def test_every_function_has_a_slot_for_every_width():
    names = {slots.symbol(*key) for key in slots.SLOTS}
    assert len(names) == len(FUNCTIONS) * 6
    assert "jitad_vector_exp_float64x8" in names
    for (name, dtype), (_, addresses) in choice.served().items():
        slots.register()
        for width, address in addresses.items():
            assert slots.SLOTS[name, dtype, width].value == address
