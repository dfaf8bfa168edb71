"""Tapes grow on demand, are reused, and belong to one call of one thread at a time."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from jitad.errors import TapeOverflowError
from jitad.runtime import tape as tapes
from jitad.runtime.tape import Runner, Tape, borrowed_tape, discard_tapes


@pytest.fixture(autouse=True)
def fresh():
    discard_tapes()
    yield
    discard_tapes()


def needs(n, floats, integers):
    if n > floats.size:
        raise TapeOverflowError("float64")
    if n > integers.size:
        raise TapeOverflowError("int64")
    floats[:n] = 1
    return n


def test_grows_and_is_reused():
    seen = []
    runner = Runner(needs, ("float64", "int64"), lambda n, tape: seen.append((tape, tape.capacity("float64"))) or n)
    assert runner(10) == 10
    assert runner(1_000_000) == 1_000_000
    assert runner(1_000_000) == 1_000_000
    assert seen[0][0] is seen[1][0] is seen[2][0]
    assert seen[0][1] < 1_000_000 <= seen[1][1] == seen[2][1]


def test_a_call_inside_a_call_has_its_own_tape():
    def inner(array):
        return array

    def outer(array):
        return array, Runner(inner, ("float64",))()

    mine, nested = Runner(outer, ("float64",))()
    assert not np.shares_memory(mine, nested)


def test_threads_have_their_own_tapes():
    with borrowed_tape() as mine:
        pass
    found = []

    def work():
        with borrowed_tape() as tape:
            found.append(tape)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found[0] is not mine
    with borrowed_tape() as again:
        assert again is mine


def test_other_errors_pass_and_the_tape_comes_back():
    def fails(array):
        raise ValueError("the user's")

    with pytest.raises(ValueError, match="the user's"):
        Runner(fails, ("float64",))()
    with borrowed_tape() as tape:
        assert tape.capacity("float64") > 0


def test_large_tapes_are_dropped_and_asked_for_at_once_later(monkeypatch):
    monkeypatch.setattr(tapes, "KEEP_BYTES", 1 << 21)
    calls = []

    def counted(n, array):
        calls.append(array.size)
        if n > array.size:
            raise TapeOverflowError("float64")

    runner = Runner(counted, ("float64",))
    runner(10**6)
    assert len(calls) == 3
    runner(10**6)
    assert len(calls) == 4


def test_more_than_the_machine_has():
    tape = Tape()
    with pytest.raises(TapeOverflowError, match="more than the machine gives"):
        tape.reserve("float64", 1 << 60)
    assert tape.capacity("float64") == 0
    assert tape.nbytes == 0


def test_copy_out_is_a_copy():
    with borrowed_tape() as tape:
        (array,) = tape.arrays(("float64",))
        array[:6] = np.arange(6)
        copied = tape.copy_out("float64", 1, (2, 2))
    array[:] = 0
    np.testing.assert_array_equal(copied, [[1, 2], [3, 4]])
