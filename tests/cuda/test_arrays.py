"""Arrays of other packages are seen where they are, by their protocols, and what can't be seen is refused."""

from __future__ import annotations

import gc
import os
from types import SimpleNamespace

import numpy as np
import pytest

import jitad
from tests.cuda.exporters import BFLOAT, CUDA, HOST, MANAGED, Both, Exported, Interfaced

pytest.importorskip("numba_cuda", reason="needs jitad[cuda]")
pytestmark = pytest.mark.skipif(
    os.environ.get("NUMBA_ENABLE_CUDASIM", "0") not in ("", "0"), reason="the simulator has one kind of array"
)


class View:
    """What numba-cuda makes of an interface: here, the memory on the host."""

    def __init__(self, interface, owner):
        self.interface, self.owner = interface, owner
        self.__cuda_array_interface__ = {"stream": None, **interface}
        plain = {**interface, "version": 3}
        plain["strides"] = interface["strides"] and tuple(interface["strides"])
        self.seen = np.asarray(SimpleNamespace(__array_interface__=plain))
        self.shape, self.strides, self.dtype = self.seen.shape, self.seen.strides, self.seen.dtype
        self.ndim = self.seen.ndim


@pytest.fixture(autouse=True)
def _device(monkeypatch):
    from jitad.cuda import arrays

    monkeypatch.setattr(arrays.cuda, "get_current_device", lambda: SimpleNamespace(id=0))
    monkeypatch.setattr(
        arrays.cuda, "from_cuda_array_interface", lambda interface, owner, sync=True: View(interface, owner)
    )
    monkeypatch.setattr(arrays, "device_of", lambda address: 0)


def test_what_is_on_a_device():
    from jitad.cuda.arrays import is_on_device

    array = np.ones(3)
    assert is_on_device(Exported(array, kind=CUDA))
    assert is_on_device(Exported(array, kind=MANAGED, number=1))
    assert not is_on_device(Exported(array, kind=HOST))
    assert is_on_device(Interfaced(array))
    assert not is_on_device(array)
    assert not is_on_device(2.0)


def test_another_device(monkeypatch):
    from jitad.cuda import arrays

    remedy = r"lives on CUDA device 1, and device 0 is[\s\S]*select_device\(1\)"
    with pytest.raises(jitad.ArgumentError, match=remedy):
        arrays.on_device(Exported(np.ones(3), number=1))
    monkeypatch.setattr(arrays, "device_of", lambda address: 1)
    with pytest.raises(jitad.ArgumentError, match=remedy):
        arrays.on_device(Interfaced(np.ones(3)))
    monkeypatch.setattr(arrays, "device_of", lambda address: -1)
    arrays.on_device(Interfaced(np.ones(3)))


ARRAYS = {
    "every other column": np.arange(12.0).reshape(3, 4)[:, ::2],
    "backwards": np.arange(12, dtype=np.int32).reshape(3, 4)[::-1],
    "transposed": np.arange(6, dtype=np.float32).reshape(2, 3).T,
    "complex": np.arange(3) * (1 + 2j),
    "truth values": np.array([True, False]),
    "a number": np.array(2.5),
    "nothing": np.empty((0, 3)),
    "repeated": np.broadcast_to(np.arange(3.0), (2, 3)),
}


@pytest.mark.parametrize("versioned", [True, False])
@pytest.mark.parametrize("array", ARRAYS.values(), ids=ARRAYS)
def test_memory_seen_by_dlpack(array, versioned):
    from jitad.cuda.arrays import on_device

    exported = Exported(array, versioned=versioned)
    view = on_device(exported)
    np.testing.assert_array_equal(view.seen, array)
    assert view.seen.dtype == array.dtype
    assert view.interface["data"][0] == array.ctypes.data or not array.size
    assert exported.asked[-1]["stream"] == 1
    assert exported.live == 1
    del view
    gc.collect()
    assert exported.live == 0


def test_compact_memory_and_offsets():
    from jitad.cuda.arrays import on_device

    array = np.arange(24.0).reshape(2, 3, 4)
    np.testing.assert_array_equal(on_device(Exported(array, is_compact=True)).seen, array)
    part = array[1]
    view = on_device(Exported(part, offset=12 * 8))
    np.testing.assert_array_equal(view.seen, part)


def test_streams(monkeypatch):
    from jitad.cuda.arrays import on_device

    class Stream:
        def __int__(self):
            return 4711

    exported = Exported(np.ones(3))
    on_device(exported, Stream())
    assert exported.asked[-1]["stream"] == 4711
    monkeypatch.setenv("CUDA_PYTHON_CUDA_PER_THREAD_DEFAULT_STREAM", "1")
    on_device(exported)
    assert exported.asked[-1]["stream"] == 2


def test_the_protocol_that_knows_streams_is_used():
    from jitad.cuda.arrays import on_device

    both = Both(np.arange(3.0))
    on_device(both)
    assert len(both.asked) == 1
    both.version = 3
    view = on_device(both)
    assert len(both.asked) == 1
    assert view.owner is both


def test_the_interface_of_arrays():
    from jitad.cuda.arrays import on_device

    array = np.arange(12.0).reshape(3, 4).T
    for keys in ({}, {"stream": 1}, {"data": (array.ctypes.data, True)}):
        given = Interfaced(array, **keys)
        view = on_device(given)
        np.testing.assert_array_equal(view.seen, array)
        assert view.owner is given
        assert view.interface.get("stream") == keys.get("stream")
    with pytest.raises(jitad.ArgumentError, match="Interfaced on the device has a mask"):
        on_device(Interfaced(array, mask=Interfaced(array > 1)))


def test_numbers_that_numpy_does_not_have():
    from jitad.cuda.arrays import on_device

    with pytest.raises(jitad.ArgumentError, match="an array of type Exported can't be seen by DLPack"):
        on_device(Exported(np.zeros(3, np.int16), code=BFLOAT))


def test_memory_between_an_arrays_ends():
    from jitad.cuda.arrays import flat_span, on_device

    base = np.arange(60.0).reshape(3, 4, 5)
    for array in (base, base[::-1, 1:, ::2], base.T[::-1], np.broadcast_to(base[0, 0], (2, 5))):
        flat, start, steps = flat_span(on_device(Exported(array)))
        for index in np.ndindex(array.shape):
            assert flat.seen[start + sum(i * step for i, step in zip(index, steps, strict=True))] == array[index]
    record = np.zeros(3, np.dtype([("a", "f8"), ("b", "f4")]))["a"]
    with pytest.raises(jitad.ArgumentError, match="aren't multiples of 8 bytes"):
        flat_span(on_device(Interfaced(record)))
