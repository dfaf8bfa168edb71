"""What lists do whose length is known only at run time, as kernels on the memory that holds their items."""

from __future__ import annotations

import numpy as np


def room_for(memory, count, more):
    """The memory of a list of ``count`` items, or larger memory where so many ``more`` don't fit in."""
    if count + more > memory.shape[0]:
        wider = np.empty(2 * count + more + 8, memory.dtype)
        wider[:count] = memory[:count]
        return wider
    return memory


def move_up(items, at):
    """Put the last item before the one at a place, as ``list.insert`` counts places."""
    last = items.shape[0] - 1
    if at < 0:
        at = max(at + last, 0)
    at = min(at, last)
    moved = items[last]
    for i in range(last, at, -1):
        items[i] = items[i - 1]
    items[at] = moved


def move_last(items, at):
    """Put the item at a place behind all others."""
    if at < 0:
        at += items.shape[0]
    if at < 0 or at >= items.shape[0]:
        raise IndexError("pop index out of range")
    moved = items[at]
    for i in range(at, items.shape[0] - 1):
        items[i] = items[i + 1]
    items[items.shape[0] - 1] = moved


def reverse(items):
    """Bring the items into the opposite order."""
    for i in range(items.shape[0] // 2):
        other = items.shape[0] - 1 - i
        first = items[i]
        items[i] = items[other]
        items[other] = first


def repeated(items, times):
    """The items so many times, one copy after the other."""
    filled = np.empty(items.shape[0] * times, items.dtype)
    for i in range(filled.shape[0]):
        filled[i] = items[i % items.shape[0]]
    return filled


def smallest(items):
    """Python's ``min``: of equal items the first one."""
    if items.shape[0] == 0:
        raise ValueError("min() arg is an empty sequence")
    best = items[0]
    for i in range(1, items.shape[0]):
        if items[i] < best:
            best = items[i]
    return best


def largest(items):
    """Python's ``max``: of equal items the first one."""
    if items.shape[0] == 0:
        raise ValueError("max() arg is an empty sequence")
    best = items[0]
    for i in range(1, items.shape[0]):
        if items[i] > best:
            best = items[i]
    return best
