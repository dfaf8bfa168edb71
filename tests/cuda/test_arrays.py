"""Arrays of other packages are known by their interfaces, and those of another device are refused."""

from __future__ import annotations

import os
from types import SimpleNamespace

import numpy as np
import pytest

import jitad

pytest.importorskip("numba_cuda", reason="needs jitad[cuda]")
pytestmark = pytest.mark.skipif(
    os.environ.get("NUMBA_ENABLE_CUDASIM", "0") not in ("", "0"), reason="the simulator has one kind of array"
)


class Exported:
    """An array that exports itself by DLPack only, from the device that it says."""

    def __init__(self, array, kind, number):
        self._array = array
        self._device = (kind, number)

    def __dlpack_device__(self):
        return self._device

    def __dlpack__(self, **options):
        return self._array.__dlpack__()


def test_what_is_on_a_device():
    from jitad.cuda.arrays import is_on_device

    array = np.ones(3)
    assert is_on_device(Exported(array, 2, 0))
    assert is_on_device(Exported(array, 13, 1))
    assert not is_on_device(Exported(array, 1, 0))
    assert is_on_device(SimpleNamespace(__cuda_array_interface__={}))
    assert not is_on_device(array)
    assert not is_on_device(2.0)


def test_another_device(monkeypatch):
    from jitad.cuda import arrays

    monkeypatch.setattr(arrays.cuda, "get_current_device", lambda: SimpleNamespace(id=0))
    with pytest.raises(jitad.ArgumentError, match=r"lives on CUDA device 1, and device 0 is[\s\S]*select_device\(1\)"):
        arrays.on_device(Exported(np.ones(3), 2, 1))


def test_memory_seen_by_dlpack(monkeypatch):
    from jitad.cuda import arrays

    array = np.arange(12.0).reshape(3, 4)[:, ::2]
    monkeypatch.setattr(arrays.cuda, "get_current_device", lambda: SimpleNamespace(id=0))
    monkeypatch.setattr(arrays.cuda, "from_cuda_array_interface", lambda interface, owner: (interface, owner))
    exported = Exported(array, 2, 0)
    interface, owner = arrays.on_device(exported)
    assert owner is exported
    assert interface["shape"] == (3, 2)
    assert interface["strides"] == (32, 16)
    assert interface["data"] == (array.ctypes.data, False)
    assert interface["typestr"] == "<f8"
