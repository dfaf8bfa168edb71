"""Sums of elementary functions over arrays."""

import torch


def tanh_gauss(x):
    return torch.sum(torch.tanh(x) * torch.exp(-x * x))


def log_sum_exp(x):
    return torch.logsumexp(x, 0)


def cross_entropy(logits, labels):
    return torch.nn.functional.cross_entropy(logits, labels)
