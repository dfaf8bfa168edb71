"""The type of an array that someone else keeps alive: a Numba array without reference counting.

Every array that emitted code makes lives on a tape, or is a view of an argument, and the caller holds both for as
long as the code runs. Counting references would cost a call into Numba's runtime for each view, and those
calls keep LLVM from moving loads out of loops. So such arrays have a type of their own. It behaves like any array
of Numba's, but it can't cross into Python.
"""

from __future__ import annotations

from typing import Any

from numba import types
from numba.core.datamodel.models import StructModel
from numba.core.datamodel.registry import register_default


class BorrowedArray(types.Array):
    """An array of ``dtype``, ``ndim`` and ``layout`` (``"C"``, ``"F"`` or ``"A"``) that owns nothing."""

    def __init__(self, dtype: Any, ndim: int, layout: Any) -> None:
        super().__init__(dtype, ndim, layout, name=f"borrowed({dtype}, {ndim}d, {layout})")

    def can_convert_to(self, typingctx: Any, other: Any) -> None:
        """Never: a plain array would be counted."""


@register_default(BorrowedArray)
class BorrowedArrayModel(StructModel):
    """The same fields as Numba's array, with a pointer in place of the counted memory."""

    def __init__(self, dmm: Any, fe_type: BorrowedArray) -> None:
        members = [
            ("meminfo", types.voidptr),
            ("parent", types.voidptr),
            ("nitems", types.intp),
            ("itemsize", types.intp),
            ("data", types.CPointer(fe_type.dtype)),
            ("shape", types.UniTuple(types.intp, fe_type.ndim)),
            ("strides", types.UniTuple(types.intp, fe_type.ndim)),
        ]
        super().__init__(dmm, fe_type, members)
