"""The cost of k-means, all distances at once by a matrix product."""

import torch


def kmeans_cost(centres, points):
    products = points @ centres.T
    squared = torch.sum(points * points, dim=1)[:, None] - 2.0 * products + torch.sum(centres * centres, dim=1)
    return torch.sum(torch.amin(squared, dim=1))
