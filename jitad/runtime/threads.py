"""What compiled code asks of Numba's threads."""

# Numba types these functions by its own rules when it compiles a call.
# mypy: disable-error-code="no-untyped-def, call-arg, no-untyped-call, arg-type"

from __future__ import annotations

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic


@intrinsic
def thread_count(typingctx):
    """How many threads a parallel loop may use: ``numba.get_num_threads()``, in a form that can be cached.

    Numba's own function calls a pointer of the running process. The symbol is known once ``start_threads`` has run.
    """
    signature = types.intp()

    def codegen(context, builder, sig, args):
        word = context.get_value_type(types.intp)
        called = cgutils.get_or_insert_function(builder.module, ir.FunctionType(word, []), "get_num_threads")
        return builder.call(called, [])

    return signature, codegen


def start_threads() -> None:
    """Start Numba's threads, which also makes their functions known to compiled code. Starts them once."""
    from numba.np.ufunc.parallel import _launch_threads

    _launch_threads()
