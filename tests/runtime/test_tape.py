"""Tapes grow on demand, are reused, and belong to one call of one thread at a time."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from jitad.errors import TapeOverflowError
from jitad.runtime import tape as tapes
from jitad.runtime.tape import Tape, borrowed_tape, discard_tapes


@pytest.fixture(autouse=True)
def fresh():
    discard_tapes()
    yield
    discard_tapes()


def test_grows_and_is_reused():
    with borrowed_tape() as tape:
        tape.arrays(("float64", "int64"))
        before = tape.capacity("float64")
        tape.grow("float64")
        assert tape.capacity("float64") > before
        assert tape.capacity("int64") == tapes.START_BYTES // 8
    with borrowed_tape() as again:
        assert again is tape
        assert again.capacity("float64") > before


def test_a_call_inside_a_call_has_its_own_tape():
    with borrowed_tape() as outer, borrowed_tape() as inner:
        assert not np.shares_memory(outer.arrays(("float64",))[0], inner.arrays(("float64",))[0])


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


def test_the_tape_comes_back_after_an_error():
    with pytest.raises(ValueError, match="the user's"), borrowed_tape() as tape:
        raise ValueError("the user's")
    with borrowed_tape() as again:
        assert again is tape


def test_large_tapes_are_dropped(monkeypatch):
    monkeypatch.setattr(tapes, "KEEP_BYTES", 1 << 10)
    with borrowed_tape() as tape:
        tape.arrays(("float64",))
    with borrowed_tape() as another:
        assert another is not tape


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
