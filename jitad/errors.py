"""The errors that jitad raises, each also a fitting builtin exception.

Every error names the file, line and column of the user's code, shows the line with the place marked,
says why, and says what to do instead.
"""

from __future__ import annotations

from jitad.program.origin import Origin


class JitadError(Exception):
    """Base class of every error that jitad raises by itself.

    ``reason`` says what is wrong, ``remedy`` what to do, ``origin`` where in the user's source it is
    (None when no line of source is to blame, such as a wrong ``argnums``). Compiled code gives the origin packed
    in a string.
    """

    def __init__(self, reason: str, remedy: str = "", origin: Origin | str | None = None) -> None:
        if isinstance(origin, str):
            origin = Origin.unpacked(origin)
        super().__init__(reason, remedy, origin)
        self.reason = reason
        self.remedy = remedy
        self.origin = origin

    def __str__(self) -> str:
        parts = [self.reason]
        if self.origin is not None:
            parts.append(self.origin.pointed())
        if self.remedy:
            parts.append(f"What to do: {self.remedy}")
        return "\n".join(parts)


class UnsupportedSyntaxError(JitadError, SyntaxError):
    """A Python construct that jitad's subset leaves out."""

    __str__ = JitadError.__str__


class UnsupportedCallError(JitadError, TypeError):
    """A call of something that jitad can't read and Numba can't type, or with arguments it doesn't take."""


class MissingRuleError(JitadError, NotImplementedError):
    """A function without a derivative rule, called with an argument that the derivative flows through."""


class KernelTypeError(JitadError, TypeError):
    """Values whose types don't fit together (a name that is an array and then a scalar, say)."""


class KernelNameError(JitadError, NameError):
    """A name that the kernel reads but nothing defines."""


class KernelValueError(JitadError, ValueError):
    """A value that can't be right, known while reading (a wrong axis, say)."""


class RecursionRefusedError(JitadError, RecursionError):
    """A kernel that calls itself, directly or through others."""


class SourceUnavailableError(JitadError, OSError):
    """A function whose source text can't be found."""

    __str__ = JitadError.__str__


class ArgumentError(JitadError, TypeError):
    """An argument of a derivative function that can't be differentiated or isn't a kernel argument."""


class NonScalarResultError(JitadError, TypeError):
    """``grad`` of a kernel whose result isn't one floating-point number."""


class ParallelLoopError(JitadError, ValueError):
    """A ``prange`` loop whose iterations depend on each other, or on their order."""


class SharedMemoryError(JitadError, ValueError):
    """Two arguments share memory and the kernel writes to one of them."""


class ShapeMismatchError(JitadError, ValueError):
    """Arrays whose shapes don't broadcast together; raised while the kernel runs."""


class IndexOutOfRangeError(JitadError, IndexError):
    """An index outside its array, found when ``JITAD_BOUNDSCHECK=1`` is set."""


class TapeOverflowError(JitadError, MemoryError):
    """The tape of a call needs more memory than the machine gives."""


class CudaUnavailableError(JitadError, ImportError):
    """CUDA is asked for where numba-cuda, a driver or a device is missing."""

    __str__ = JitadError.__str__


class UnsupportedOnCudaError(JitadError, NotImplementedError):
    """A part of a kernel that CUDA has no counterpart for."""


class RegistryError(JitadError, ValueError):
    """Plugins that clash, a primitive that is ill-formed, or a misspelt hook."""


class PluginWarning(RuntimeWarning):
    """An installed plugin is left out; the text names the package, what is wrong with it, and what to do."""


class CacheError(JitadError, OSError):
    """The cache folder can't be used safely."""

    __str__ = JitadError.__str__
