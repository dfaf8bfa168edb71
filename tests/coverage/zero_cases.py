"""A call of each NumPy function without a derivative: what it gives is an integer, a truth value or a constant.

Each kernel's result depends on its first argument through such values only.
"""

from __future__ import annotations

import numpy as np

from tests.coverage.case import I, M, N, P, S, V, W, case

for _name in ("isfinite", "isinf", "isnan", "isneginf", "isposinf", "iscomplex", "isreal", "signbit"):
    if hasattr(np, _name):
        _function = getattr(np, _name)
        case(_name, lambda a, function=_function: function(a), N)
for _name in ("ceil", "floor", "trunc", "rint", "sign", "round", "around", "logical_not", "spacing", "angle", "imag"):
    if hasattr(np, _name):
        _function = getattr(np, _name)
        case(_name, lambda a, function=_function: function(a), 3.0 * V)
for _name in (
    *("equal", "not_equal", "less", "less_equal", "greater", "greater_equal", "logical_and", "logical_or"),
    *("logical_xor", "floor_divide", "isclose", "allclose", "array_equal"),
):
    if hasattr(np, _name):
        _function = getattr(np, _name)
        case(_name, lambda a, b, function=_function: function(a, b), V, W)
for _name in ("all", "any", "argmax", "argmin", "argsort", "argwhere", "count_nonzero", "nonzero", "flatnonzero"):
    if hasattr(np, _name):
        _function = getattr(np, _name)
        case(_name, lambda a, function=_function: function(a), V)
for _name in ("zeros_like", "ones_like", "shape", "size", "iscomplexobj", "isrealobj", "isscalar"):
    if hasattr(np, _name):
        _function = getattr(np, _name)
        case(_name, lambda a, function=_function: function(a), V)
for _name in ("tril_indices_from", "triu_indices_from"):
    if hasattr(np, _name):
        _function = getattr(np, _name)
        case(_name, lambda a, function=_function: function(a, 1), M)
for _name in ("nanargmax", "nanargmin"):
    if hasattr(np, _name):
        _function = getattr(np, _name)
        case(_name, lambda a, function=_function: function(a), N)
for _name in ("bartlett", "blackman", "hamming", "hanning"):
    if hasattr(np, _name):
        _function = getattr(np, _name)
        case(_name, lambda a, function=_function: (function(a.shape[0]), function(1), function(0)), V)
for _name in ("bitwise_and", "bitwise_or", "bitwise_xor", "gcd", "lcm"):
    if hasattr(np, _name):
        _function = getattr(np, _name)
        case(_name, lambda a, i, function=_function: function(np.argsort(a)[:4] + 1, np.abs(i)), V, I)
for _name in ("left_shift", "right_shift", "bitwise_left_shift", "bitwise_right_shift"):
    if hasattr(np, _name):
        _function = getattr(np, _name)
        case(_name, lambda a, function=_function: function(np.argsort(a), 1), V)
for _name in ("invert", "bitwise_not", "bitwise_invert"):
    if hasattr(np, _name):
        _function = getattr(np, _name)
        case(_name, lambda a, function=_function: function(np.argsort(a)), V)
for _name in (
    *(
        "bool",
        "bool_",
        "int8",
        "int16",
        "int32",
        "int64",
        "uint8",
        "uint16",
        "uint32",
        "uint64",
        "int_",
        "intc",
        "intp",
    ),
    *("byte", "short", "long", "ubyte", "ushort", "uintc", "uint", "uintp", "ulong"),
):
    if hasattr(np, _name):
        _type = getattr(np, _name)
        case(_name, lambda a, type_=_type: (a.astype(type_), type_(7.0 * a[0])), P)
case("argpartition", lambda a: np.sort(np.argpartition(a, 2)), V)
case("broadcast_shapes", lambda a, m: np.broadcast_shapes(a.shape, m.shape, (1,)), V, M)
case("digitize", lambda a, b: (np.digitize(a, np.sort(b)), np.digitize(a, -np.sort(-b), True)), V, W)
case("dtype", lambda a: np.zeros(3, np.dtype(np.float32)), V)
case("empty", lambda a: np.empty(3).shape, V)
case("empty_like", lambda a: np.empty_like(a).shape, V)
case("eye", lambda a: np.eye(a.shape[0], 3, 1), V)
case("finfo", lambda a: (np.finfo(a.dtype).eps, np.finfo(np.float32).max), V)
case("identity", lambda a: np.identity(a.shape[0]), V)
case("iinfo", lambda a: (np.iinfo(np.int32).max, np.iinfo(np.int64).min), V)
case("indices", lambda a: np.indices((2, a.shape[0])), V)
case("isin", lambda a, b: (np.isin(a, b), np.isin(a, a[:2], invert=True)), V, W)

case("ones", lambda a: np.ones(a.shape), V)
case("searchsorted", lambda a, b: (np.searchsorted(np.sort(a), b), np.searchsorted(np.sort(a), a[1], "right")), V, W)
case("tri", lambda a: (np.tri(a.shape[0]), np.tri(3, 4, 1)), V)
case("tril_indices", lambda a: np.tril_indices(a.shape[0], -1), V)
case("triu_indices", lambda a: np.triu_indices(a.shape[0], 1, 7), V)
case("zeros", lambda a, s: np.zeros(a.shape[0]), V, S)
