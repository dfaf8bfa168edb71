"""A kernel with next to no work."""

import torch


def sum_of_squares(x):
    return torch.sum(x * x)
