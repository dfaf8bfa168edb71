"""Arrays of packages that aren't here, by the letter of the protocols: DLPack with its capsules, before and since 1.0,
and the CUDA array interface. They say that they lie on a device, and are in the host's memory.

Sources: DLPack's C API and Python specification (1.0), Numba's specification of the CUDA array interface (version 3).
"""

from __future__ import annotations

import ctypes
from typing import Any, ClassVar

import numpy as np

CUDA, MANAGED, HOST = 2, 13, 1

_CODES = {"i": 0, "u": 1, "f": 2, "c": 5, "b": 6}
BFLOAT = 4


class _Device(ctypes.Structure):
    _fields_: ClassVar = [("kind", ctypes.c_int32), ("number", ctypes.c_int32)]


class _DataType(ctypes.Structure):
    _fields_: ClassVar = [("code", ctypes.c_uint8), ("bits", ctypes.c_uint8), ("lanes", ctypes.c_uint16)]


class _Tensor(ctypes.Structure):
    _fields_: ClassVar = [
        ("data", ctypes.c_void_p),
        ("device", _Device),
        ("ndim", ctypes.c_int32),
        ("dtype", _DataType),
        ("shape", ctypes.POINTER(ctypes.c_int64)),
        ("strides", ctypes.POINTER(ctypes.c_int64)),
        ("byte_offset", ctypes.c_uint64),
    ]


class _Managed(ctypes.Structure):
    _fields_: ClassVar = [("tensor", _Tensor), ("context", ctypes.c_void_p), ("deleter", ctypes.c_void_p)]


class _Versioned(ctypes.Structure):
    _fields_: ClassVar = [
        ("major", ctypes.c_uint32),
        ("minor", ctypes.c_uint32),
        ("context", ctypes.c_void_p),
        ("deleter", ctypes.c_void_p),
        ("flags", ctypes.c_uint64),
        ("tensor", _Tensor),
    ]


_Deleter = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
_new_capsule = ctypes.pythonapi.PyCapsule_New
_new_capsule.restype, _new_capsule.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]


class Exported:
    """An array that exports itself by DLPack only.

    ``asked`` are the options of each export, ``live`` how many exports haven't been given back. ``is_compact`` leaves
    out the strides of an array in C order, ``offset`` is that of the data from the pointer, in bytes.
    """

    def __init__(
        self,
        array: np.ndarray,
        *,
        kind: int = CUDA,
        number: int = 0,
        versioned: bool = True,
        is_compact: bool = False,
        offset: int = 0,
        code: int | None = None,
    ) -> None:
        self.array = array
        self._device = kind, number
        self._versioned = versioned
        self._is_compact = is_compact
        self._offset = offset
        self._code = code
        self._kept: dict[int, Any] = {}
        self.asked: list[dict[str, Any]] = []

    @property
    def live(self) -> int:
        return len(self._kept)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.array.shape

    @property
    def ndim(self) -> int:
        return self.array.ndim

    @property
    def dtype(self) -> str:
        return f"package.{self.array.dtype}"

    def __dlpack_device__(self) -> tuple[int, int]:
        return self._device

    def __dlpack__(self, **options: Any) -> Any:
        if not self._versioned and "max_version" in options:
            raise TypeError("__dlpack__() got an unexpected keyword argument 'max_version'")
        self.asked.append(options)
        array, dtype = self.array, self.array.dtype
        lengths = (ctypes.c_int64 * array.ndim)(*array.shape)
        steps = (ctypes.c_int64 * array.ndim)(*(stride // dtype.itemsize for stride in array.strides))
        made = _Versioned() if self._versioned else _Managed()
        tensor = made.tensor
        tensor.data = array.ctypes.data - self._offset
        tensor.byte_offset = self._offset
        tensor.device = _Device(*self._device)
        tensor.ndim = array.ndim
        tensor.dtype = _DataType(_CODES[dtype.kind] if self._code is None else self._code, 8 * dtype.itemsize, 1)
        tensor.shape = lengths
        if not self._is_compact:
            tensor.strides = steps
        address = ctypes.addressof(made)
        deleter = _Deleter(lambda _: self._kept.pop(address, None) and None)
        made.deleter = ctypes.cast(deleter, ctypes.c_void_p)
        if self._versioned:
            made.major, made.flags = 1, int(not array.flags.writeable)
        self._kept[address] = made, lengths, steps, deleter, array
        _deleters.append(deleter)
        return _new_capsule(address, b"dltensor_versioned" if self._versioned else b"dltensor", None)


_deleters: list[Any] = []
"""Code that must outlive the call of it."""


class Interfaced:
    """An array with the CUDA array interface, of these keys beside those of the array itself."""

    def __init__(self, array: np.ndarray, **keys: Any) -> None:
        self.array = array
        self._keys = keys

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        interface = dict(self.array.__array_interface__)
        interface.pop("descr", None)
        return {**interface, "version": 3, **self._keys}


class Both(Exported):
    """An array with either protocol; that of the interface is an old one, which knows no streams."""

    version = 2

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        return {**self.array.__array_interface__, "version": self.version}
