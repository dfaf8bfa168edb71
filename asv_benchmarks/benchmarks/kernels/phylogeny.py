"""The likelihood of sequences at the leaves of a tree: Felsenstein's pruning with the model of Jukes and Cantor."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

BASES = 4


def tree_log_likelihood(lengths, children, leaves):
    """Sum over sites of the log-likelihood.

    ``lengths`` has shape (nodes - 1,), the branch above each node but the root; ``children`` (inner nodes, 2) int64;
    ``leaves`` (leaves, sites) int64, 0 to 3. Leaves come first, and children before their parents.
    """
    count, sites = leaves.shape
    inner = children.shape[0]
    partial = np.zeros((count + inner, sites, BASES))
    for leaf in range(count):
        for site in range(sites):
            partial[leaf, site, leaves[leaf, site]] = 1.0
    for k in range(inner):
        left, right = children[k, 0], children[k, 1]
        left_same = math.exp(-4.0 / 3.0 * lengths[left])
        right_same = math.exp(-4.0 / 3.0 * lengths[right])
        for site in range(sites):
            left_sum = 0.0
            right_sum = 0.0
            for base in range(BASES):
                left_sum += partial[left, site, base]
                right_sum += partial[right, site, base]
            for base in range(BASES):
                from_left = 0.25 * (1.0 - left_same) * left_sum + left_same * partial[left, site, base]
                from_right = 0.25 * (1.0 - right_same) * right_sum + right_same * partial[right, site, base]
                partial[count + k, site, base] = from_left * from_right
    total = 0.0
    for site in range(sites):
        likelihood = 0.0
        for base in range(BASES):
            likelihood += 0.25 * partial[count + inner - 1, site, base]
        total += math.log(likelihood)
    return total


def tree_log_likelihood_by_hand(lengths, children, leaves):
    """Value and gradient of ``tree_log_likelihood`` by ``lengths``; adjoints of leaves aren't needed."""
    count, sites = leaves.shape
    inner = children.shape[0]
    gradient = np.zeros_like(lengths)
    partial = np.zeros((count + inner, sites, BASES))
    partial_bar = np.zeros((inner, sites, BASES))
    for leaf in range(count):
        for site in range(sites):
            partial[leaf, site, leaves[leaf, site]] = 1.0
    for k in range(inner):
        left, right = children[k, 0], children[k, 1]
        left_same = math.exp(-4.0 / 3.0 * lengths[left])
        right_same = math.exp(-4.0 / 3.0 * lengths[right])
        for site in range(sites):
            left_sum = 0.0
            right_sum = 0.0
            for base in range(BASES):
                left_sum += partial[left, site, base]
                right_sum += partial[right, site, base]
            for base in range(BASES):
                from_left = 0.25 * (1.0 - left_same) * left_sum + left_same * partial[left, site, base]
                from_right = 0.25 * (1.0 - right_same) * right_sum + right_same * partial[right, site, base]
                partial[count + k, site, base] = from_left * from_right
    value = 0.0
    for site in range(sites):
        likelihood = 0.0
        for base in range(BASES):
            likelihood += 0.25 * partial[count + inner - 1, site, base]
        value += math.log(likelihood)
        for base in range(BASES):
            partial_bar[inner - 1, site, base] = 0.25 / likelihood
    for k in range(inner - 1, -1, -1):
        left, right = children[k, 0], children[k, 1]
        left_same = math.exp(-4.0 / 3.0 * lengths[left])
        right_same = math.exp(-4.0 / 3.0 * lengths[right])
        left_same_bar = right_same_bar = 0.0
        for site in range(sites):
            left_sum = 0.0
            right_sum = 0.0
            for base in range(BASES):
                left_sum += partial[left, site, base]
                right_sum += partial[right, site, base]
            from_left_sum = 0.0
            from_right_sum = 0.0
            for base in range(BASES):
                here = partial_bar[k, site, base]
                from_left = 0.25 * (1.0 - left_same) * left_sum + left_same * partial[left, site, base]
                from_right = 0.25 * (1.0 - right_same) * right_sum + right_same * partial[right, site, base]
                left_bar = here * from_right
                right_bar = here * from_left
                from_left_sum += left_bar
                from_right_sum += right_bar
                left_same_bar += left_bar * partial[left, site, base]
                right_same_bar += right_bar * partial[right, site, base]
                if left >= count:
                    partial_bar[left - count, site, base] += left_bar * left_same
                if right >= count:
                    partial_bar[right - count, site, base] += right_bar * right_same
            left_same_bar -= 0.25 * from_left_sum * left_sum
            right_same_bar -= 0.25 * from_right_sum * right_sum
            if left >= count:
                for base in range(BASES):
                    partial_bar[left - count, site, base] += 0.25 * (1.0 - left_same) * from_left_sum
            if right >= count:
                for base in range(BASES):
                    partial_bar[right - count, site, base] += 0.25 * (1.0 - right_same) * from_right_sum
        gradient[left] -= 4.0 / 3.0 * left_same * left_same_bar
        gradient[right] -= 4.0 / 3.0 * right_same * right_same_bar
    return value, (gradient,)


def tree_inputs(leaves: int = 64, sites: int = 500) -> tuple[Any, ...]:
    """A random tree by joining two of the remaining nodes at a time, and random bases."""
    rng = np.random.default_rng(17)
    remaining = list(range(leaves))
    children = np.empty((leaves - 1, 2), np.int64)
    for k in range(leaves - 1):
        children[k] = [remaining.pop(rng.integers(len(remaining))) for _ in range(2)]
        remaining.append(leaves + k)
    return rng.uniform(0.05, 0.5, 2 * leaves - 2), children, rng.integers(0, BASES, (leaves, sites))
