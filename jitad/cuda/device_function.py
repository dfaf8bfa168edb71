"""``device``: a function or a derivative of it, to be called in kernels of one's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from jitad.api.gradient import refuse_uncallable
from jitad.api.jacobian_entry import JacobianRequest
from jitad.api.leaves import name_of
from jitad.cuda.build import build_function, function_names, plain_argument
from jitad.cuda.device_source import Wrapper
from jitad.cuda.emit import emit_device
from jitad.cuda.target import is_simulated, overload
from jitad.errors import ArgumentError
from jitad.transforms.expand import expand

TAPE_ELEMENTS = 256


def device(f: Callable[..., Any], signature: Any, *, tape: int = TAPE_ELEMENTS, with_status: bool = False) -> Any:
    """A function that ``@cuda.jit`` kernels call to evaluate ``f``: a kernel, or a derivative function of jitad's.

    ``signature`` has the Numba types of the arguments of ``f``, as a tuple or as text:
    ``"float64, float64[::1], UniTuple(float64, 3)"``. Arrays may be views of global, shared or local memory.

    The device function takes the arguments of ``f`` and then, for each array in the result (in order), an array that it
    leaves there: of the same shape and dtype, in C order, apart from all others. It returns the result, in which the
    arrays are those. Lists become tuples. Numbers and arrays may be complex.

    Each thread has a tape of ``tape`` elements of each dtype that is needed, in its local memory. Kernels have no
    exceptions: where ``f`` would raise one, where the tape is too small, and where an array has the wrong shape, every
    number of the result is nan (the least one of integers). ``with_status`` gives a pair (status, result): the status
    is 0 if all is well, and ``function.message(status)`` says what else it means.

    Raises CudaUnavailableError without numba-cuda; ArgumentError for types that a kernel can't take;
    UnsupportedOnCudaError for what can't run on CUDA, naming the line.
    """
    refuse_uncallable(f)
    if isinstance(tape, bool) or not isinstance(tape, int) or tape < 1:
        raise ArgumentError(f"tape={tape!r} isn't a number of elements.", "use a positive integer.")
    types = _types_of(signature)
    derived = _derived(f, types)
    code = emit_device(expand(derived.program))
    wrapper = Wrapper(derived, code, types, tape, with_status=with_status)
    sweep = build_function(code.source, code.entry, function_names(code), kernel=False)
    helpers = function_names(code, *wrapper.helpers)
    run = build_function(wrapper.source, wrapper.entry, {**helpers, **wrapper.uses, "sweep": sweep}, kernel=False)
    return _function(f, run, wrapper)


_TEXT = """
def function({params}):
    return simulated({params})

def implementation({params}):
    return run({params})

def chosen({params}):
    check(({params},))
    return implementation
"""


def _function(f: Any, run: Any, wrapper: Wrapper) -> Any:
    """The function that the user gets: it checks the types that it is called with."""

    def simulated(*args: Any) -> Any:
        return run(*map(plain_argument, args))

    namespace: dict[str, Any] = {"simulated": simulated, "run": run, "check": wrapper.check}
    exec(_TEXT.format(params=", ".join(wrapper.params)), namespace)
    function = namespace["function"]
    function.__name__ = function.__qualname__ = f"{name_of(f)}_on_device"
    function.__doc__ = f"{name_of(f)} for CUDA kernels; see jitad.cuda.device."
    function.message = wrapper.message
    if not is_simulated():
        overload(function)(namespace["chosen"])
    return function


def _types_of(signature: Any) -> tuple[Any, ...]:
    from numba.core import sigutils, types

    try:
        if isinstance(signature, str):
            text = signature.strip()
            signature = eval(f"({text},)" if text else "()", {}, vars(types))
            if len(signature) == 1 and isinstance(signature[0], tuple):
                signature = signature[0]
        if isinstance(signature, list):
            signature = tuple(signature)
        args, _ = sigutils.normalize_signature(signature[0] if _is_call(signature) else signature)
    except (TypeError, NameError, SyntaxError, AttributeError) as error:
        raise ArgumentError(
            f"{signature!r} isn't a signature: {error}.",
            'give the Numba types of the arguments: "float64, float64[::1]", or a tuple of them.',
        ) from None
    return tuple(args)


def _is_call(signature: Any) -> bool:
    """True for ``"float64(float64, float64)"``, which has the type of the result too."""
    from numba.core.typing import Signature

    return isinstance(signature, tuple) and len(signature) == 1 and isinstance(signature[0], Signature)


def _derived(f: Any, types: Sequence[Any]) -> Any:
    from jitad.api.derivative import Derivative
    from jitad.api.in_numba import Primal
    from jitad.api.numba_types import spec_of

    specs = [spec_of(type_, f"argument {at}") for at, type_ in enumerate(types)]
    if not isinstance(f, Derivative):
        return Primal(f).derived(specs, {})
    if len(types) < f.least_count:
        raise ArgumentError(
            f"the signature has {len(types)} arguments, and {f!r} is by argument {f.least_count - 1}.",
            "give the types of all arguments, by position.",
        )
    if isinstance(f.request, JacobianRequest):
        programs = f.request.derive(f.kernel, specs, {})
        programs.widest = 1
        return programs.derived(with_value=f.form.with_value, has_aux=f.request.has_aux)
    return f.derived(specs, {})
