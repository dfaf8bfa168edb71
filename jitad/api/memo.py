"""What has been compiled for an object, kept on the object itself, so that it lives exactly as long."""

from __future__ import annotations

from typing import Any

_NAME = "__jitad_memo__"


class Memo:
    """Compiled derivatives of ``owner`` (a function, or the object of a method).

    Copies of the owner's ``__dict__`` (by ``copy.copy``, ``functools.wraps``, pickling) may carry the memo to another
    object, which doesn't own it and gets one of its own.
    """

    def __init__(self, owner: Any = None) -> None:
        self.owner = owner
        self.entries: dict[Any, Any] = {}

    def __reduce__(self) -> tuple[type[Memo], tuple[()]]:
        return Memo, ()

    def __deepcopy__(self, memo: Any) -> Memo:
        return Memo()


def memo_of(owner: Any) -> Memo:
    """The memo of an object; a fresh one each time for an object that can't hold it."""
    attributes = getattr(owner, "__dict__", None)
    if not isinstance(attributes, dict):
        return Memo(owner)
    memo = attributes.get(_NAME)
    if not isinstance(memo, Memo) or memo.owner is not owner:
        memo = attributes[_NAME] = Memo(owner)
    return memo
