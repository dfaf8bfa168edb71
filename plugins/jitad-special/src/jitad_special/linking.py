"""Calls of SciPy's compiled special functions from compiled code, under names that outlive the process.

The address of a function differs from process to process, so compiled code that is kept on disk must not contain it. It
contains a symbol instead, and each process tells LLVM where that symbol is before it loads any such code: when this
package's functions are imported, and when Numba first compiles or loads anything (an entry point of the group
``numba_extensions``).
"""

# Numba types the functions here by its own rules when it compiles a call.
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import ctypes
import functools
from typing import Any

import numpy as np
from llvmlite import binding, ir
from numba import types
from numba.core import cgutils
from numba.core.errors import TypingError
from numba.extending import intrinsic, overload

_NAMES = {
    1: (
        "erfcx erfinv erfcinv loggamma rgamma j0 j1 y0 y1 i0 i0e i1 i1e k0 k0e k1 k1e log_expit ndtr ndtri log_ndtr "
        "dawsn exp1 expi spence exprel ellipk ellipe entr psi"
    ),
    2: (
        "beta betaln poch gammainc gammaincc gammaincinv gammainccinv jv yv yn iv ive kv kve kn expn "
        "xlogy xlog1py rel_entr kl_div"
    ),
    3: "betainc betaincc betaincinv",
}
"""SciPy's functions by how many numbers they take."""

WHOLE = frozenset({"yn", "kn", "expn"})
"""SciPy has these for integer orders in double precision only."""

_PREFIX = "jitad_special_"
_DOUBLE = ir.DoubleType()
_FLAG = ir.IntType(32)


@functools.cache
def link() -> None:
    """Tell LLVM the addresses of SciPy's functions in this process.

    Raises ImportError, naming the function, when this SciPy has no such function of double precision.
    """
    for arity, names in _NAMES.items():
        for name in names.split():
            binding.add_symbol(_PREFIX + name, _address(name, arity))


def _address(name: str, arity: int) -> int:
    """The address of ``double name(double, ..., int)`` in ``scipy.special.cython_special``.

    Functions with variants for several types have mangled names, whose numbers differ between versions of SciPy; the
    signature tells them apart.
    """
    from scipy.special import cython_special

    wanted = f"double ({'double, ' * arity}int __pyx_skip_dispatch)".encode()
    functions: dict[str, Any] = cython_special.__pyx_capi__
    for key, capsule in functions.items():
        stem = key.removeprefix("__pyx_fuse_").lstrip("0123456789_") if key.startswith("__pyx_fuse_") else key
        if stem == name and _capsule_name(capsule) == wanted:
            return int(_capsule_pointer(capsule, wanted))
    raise ImportError(f"scipy.special.cython_special has no function {name} of {arity} doubles")


_capsule_name = ctypes.PYFUNCTYPE(ctypes.c_char_p, ctypes.py_object)(("PyCapsule_GetName", ctypes.pythonapi))
_capsule_pointer = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)(
    ("PyCapsule_GetPointer", ctypes.pythonapi)
)


def call_1(name, x):
    """SciPy's function ``name`` of one number; the result is a float32 where ``x`` is one."""
    return _in_python(name, x)


def call_2(name, x, y):
    """SciPy's function ``name`` of two numbers; integers beside a float32 don't widen it."""
    return _in_python(name, x, y)


def call_3(name, x, y, z):
    """SciPy's function ``name`` of three numbers; integers beside a float32 don't widen it."""
    return _in_python(name, x, y, z)


def narrowed(value, args):
    """A float64 rounded to float32 where all floating-point numbers of the tuple ``args`` are that, else as it is."""
    floats = [np.result_type(arg) for arg in args if np.result_type(arg).kind == "f"]
    return np.result_type(*floats).type(value) if floats else value


@overload(narrowed)
def _narrowed(value, args):
    if _is_single(args):
        return lambda value, args: np.float32(value)
    return lambda value, args: value


@overload(call_1, prefer_literal=True)
def _call_1(name, x):
    return lambda name, x: _external_1(name, x)  # noqa: PLW0108 - Numba takes no intrinsic here


@overload(call_2, prefer_literal=True)
def _call_2(name, x, y):
    return lambda name, x, y: _external_2(name, x, y)  # noqa: PLW0108 - Numba takes no intrinsic here


@overload(call_3, prefer_literal=True)
def _call_3(name, x, y, z):
    return lambda name, x, y, z: _external_3(name, x, y, z)  # noqa: PLW0108 - Numba takes no intrinsic here


@intrinsic(prefer_literal=True)
def _external_1(typingctx, name, x):
    return _typed(name, (x,)), _generate


@intrinsic(prefer_literal=True)
def _external_2(typingctx, name, x, y):
    return _typed(name, (x, y)), _generate


@intrinsic(prefer_literal=True)
def _external_3(typingctx, name, x, y, z):
    return _typed(name, (x, y, z)), _generate


def _typed(name: Any, args: tuple[Any, ...]) -> Any:
    """The signature of a call: float32 if all its floating-point numbers are, else float64, as in NumPy's ufuncs."""
    if not isinstance(name, types.StringLiteral):
        raise TypingError("the name of the function must be a literal")
    is_wide = name.literal_value in WHOLE and not isinstance(types.unliteral(args[0]), types.Float)
    result = types.float32 if _is_single(args) and not is_wide else types.float64
    return result(name, *args)


def _is_single(args: Any) -> bool:
    floats = [arg for arg in map(types.unliteral, args) if isinstance(arg, types.Float)]
    return bool(floats) and all(arg == types.float32 for arg in floats)


def _generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    link()
    name, *given = signature.args
    function = cgutils.get_or_insert_function(
        builder.module, ir.FunctionType(_DOUBLE, [*[_DOUBLE] * len(given), _FLAG]), _PREFIX + name.literal_value
    )
    doubles = [context.cast(builder, arg, kind, types.float64) for arg, kind in zip(args[1:], given, strict=True)]
    result = builder.call(function, [*doubles, _FLAG(0)])
    return context.cast(builder, result, types.float64, signature.return_type)


def _in_python(name: str, *args: Any) -> Any:
    from scipy import special

    with np.errstate(all="ignore"):
        value = getattr(special, name)(*map(np.float64, args))
    is_wide = name in WHOLE and np.result_type(args[0]).kind != "f"
    return value if is_wide else narrowed(value, args)
