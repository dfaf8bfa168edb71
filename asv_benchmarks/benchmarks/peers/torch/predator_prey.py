"""Predator and prey by Runge-Kutta steps, with their likelihood; of many sets of parameters, the sum of theirs."""

import math

import torch


def negative_log_likelihoods(theta, hare, lynx, substeps):
    alpha, beta, gamma, delta, u, v, sigma_hare, sigma_lynx = torch.exp(theta)
    step = 1.0 / substeps

    def rates(u, v):
        return (alpha - beta * v) * u, (delta * u - gamma) * v

    loss = _loss(hare[0], u, sigma_hare) + _loss(lynx[0], v, sigma_lynx)
    for year in range(1, len(hare)):
        for _ in range(substeps):
            du1, dv1 = rates(u, v)
            du2, dv2 = rates(u + 0.5 * step * du1, v + 0.5 * step * dv1)
            du3, dv3 = rates(u + 0.5 * step * du2, v + 0.5 * step * dv2)
            du4, dv4 = rates(u + step * du3, v + step * dv3)
            u = u + step / 6.0 * (du1 + 2.0 * du2 + 2.0 * du3 + du4)
            v = v + step / 6.0 * (dv1 + 2.0 * dv2 + 2.0 * dv3 + dv4)
        loss = loss + _loss(hare[year], u, sigma_hare) + _loss(lynx[year], v, sigma_lynx)
    return loss.sum()


def _loss(observed, expected, sigma):
    residual = (torch.log(observed) - torch.log(expected)) / sigma
    constant = 0.5 * math.log(2.0 * math.pi)
    return 0.5 * residual * residual + torch.log(sigma) + torch.log(observed) + constant
