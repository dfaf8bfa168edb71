"""All cases by family, and their bars."""

from __future__ import annotations

from .case import Case
from .kernels import (
    asian_option,
    demonstrations,
    dense,
    factorizations,
    gaussian_mixture,
    grids,
    hidden_markov,
    jacobi,
    kmeans,
    lorenz,
    lstm,
    nbody,
    perceptron,
    phylogeny,
    polynomial_fit,
    predator_prey,
    reductions,
    rosenbrock,
    small,
)

LOOPS = (
    Case(
        "Lorenz, 10^6 Euler steps",
        *(lorenz.lorenz, lorenz.lorenz_inputs, (0, 1, 2, 3, 4, 5), 2.3),
        by_hand=lorenz.lorenz_by_hand,
    ),
    Case(
        "predator-prey, RK4",
        *(predator_prey.predator_prey, predator_prey.predator_prey_inputs, (0,), 3.0),
        by_hand=predator_prey.predator_prey_by_hand,
    ),
    Case(
        "Rosenbrock, n = 10^5",
        *(rosenbrock.rosenbrock, rosenbrock.rosenbrock_inputs, (0,), 2.5),
        by_hand=rosenbrock.rosenbrock_by_hand,
    ),
    Case(
        "n-body energy, 500 bodies",
        *(nbody.nbody_energy, nbody.nbody_inputs, (0,), 2.5),
        by_hand=nbody.nbody_energy_by_hand,
    ),
)

FITS = (
    Case(
        "polynomial fit, 10^5 points",
        *(polynomial_fit.polynomial_misfit, polynomial_fit.polynomial_inputs, (0,)),
        by_hand=polynomial_fit.polynomial_misfit_by_hand,
    ),
    Case(
        "k-means cost, k = 16, n = 10^4",
        *(kmeans.kmeans_cost, kmeans.kmeans_inputs, (0,)),
        by_hand=kmeans.kmeans_cost_by_hand,
    ),
    Case(
        "Gaussian mixture, d = 10, k = 25",
        *(gaussian_mixture.mixture_log_likelihood, gaussian_mixture.small_mixture_inputs, (0, 1, 2)),
        by_hand=gaussian_mixture.mixture_log_likelihood_by_hand,
    ),
    Case(
        "Gaussian mixture, d = 32, k = 50",
        *(gaussian_mixture.mixture_log_likelihood, gaussian_mixture.large_mixture_inputs, (0, 1, 2)),
        by_hand=gaussian_mixture.mixture_log_likelihood_by_hand,
    ),
)

MONTE_CARLO = (
    Case(
        "Asian option, 5000 paths",
        *(asian_option.asian_option, asian_option.asian_inputs, (0, 1, 2, 3, 4)),
        by_hand=asian_option.asian_option_by_hand,
    ),
)

SEQUENCES = (
    Case(
        "LSTM, diagonal weights",
        *(lstm.lstm_loss, lstm.lstm_inputs, (0, 1)),
        by_hand=lstm.lstm_loss_by_hand,
    ),
    Case(
        "hidden Markov model, 16 states",
        *(hidden_markov.hidden_markov, hidden_markov.hidden_markov_inputs, (0, 1, 2)),
        by_hand=hidden_markov.hidden_markov_by_hand,
    ),
    Case(
        "phylogenetic tree, 64 leaves",
        *(phylogeny.tree_log_likelihood, phylogeny.tree_inputs, (0,)),
        by_hand=phylogeny.tree_log_likelihood_by_hand,
    ),
)

STENCILS = (
    Case(
        "Jacobi slices, two grids",
        *(jacobi.jacobi_slices, jacobi.jacobi_inputs, (0, 1), 3.0),
        primal=jacobi.jacobi_loops,
    ),
    Case(
        "Jacobi slices, swapped grids",
        *(jacobi.jacobi_swapped_slices, jacobi.jacobi_one_grid_inputs, (0,), 3.0),
        primal=jacobi.jacobi_swapped_loops,
    ),
    Case(
        "Jacobi slices, one grid",
        *(jacobi.jacobi_in_place_slices, jacobi.jacobi_one_grid_inputs, (0,), 3.0),
        primal=jacobi.jacobi_swapped_loops,
    ),
    Case("Jacobi loops, two grids", jacobi.jacobi_loops, jacobi.jacobi_inputs, (0, 1), 3.0),
)

GRIDS = (
    Case("heat in 2-d, 50 sweeps of 250^2", grids.heat_2d, grids.plate_inputs, (0,)),
    Case("heat in 3-d, 10 sweeps of 100^3", grids.heat_3d, grids.block_inputs, (0,)),
    Case("finite-difference time domain", grids.maxwell, grids.maxwell_inputs, (0, 1, 2, 3)),
    Case("advection, tridiagonal solve", grids.advection, grids.advection_inputs, (0, 1)),
)

DENSE = (
    Case("Floyd-Warshall, n = 200", dense.shortest_paths, dense.graph_inputs, (0,), step=1e-8),
    Case("Gram-Schmidt, 150 of 200", dense.gram_schmidt, dense.vectors_inputs, (0,)),
    Case("Durbin, n = 1000", dense.durbin, dense.durbin_inputs, (0,)),
    Case("rank-k update, 250 by 150", dense.rank_k_update, dense.rank_k_inputs, (0, 1, 2, 3)),
    Case("rank-2k update, 250 by 150", dense.rank_2k_update, dense.rank_2k_inputs, (0, 1, 2, 3, 4)),
    Case("2-d convolution, 8 of 3, 5^2", dense.convolution, dense.convolution_inputs, (0, 1, 2)),
)

REDUCTIONS = (
    Case(
        "sum of tanh(x) exp(-x^2), n = 10^6",
        *(reductions.tanh_gauss, reductions.million_inputs, (0,)),
        by_hand=reductions.tanh_gauss_by_hand,
    ),
    Case(
        "log-sum-exp, n = 10^6",
        *(reductions.log_sum_exp, reductions.million_inputs, (0,)),
        by_hand=reductions.log_sum_exp_by_hand,
    ),
    Case(
        "softmax cross-entropy, 1000^2",
        *(reductions.cross_entropy, reductions.logits_inputs, (0,)),
        by_hand=reductions.cross_entropy_by_hand,
    ),
)

FACTORIZATIONS = (
    Case("Cholesky log-det, n = 200", factorizations.cholesky_log_det, factorizations.positive_definite, (0,), 4.0),
    Case("Cholesky sum, n = 200", factorizations.cholesky_sum, factorizations.positive_definite, (0,), 4.0),
    Case("LU sum, n = 200", factorizations.lu_sum, factorizations.positive_definite, (0,), 4.0),
)

NETWORKS = (Case("perceptron 64-128-10", perceptron.perceptron_loss, perceptron.perceptron_inputs, (0, 1, 2, 3), 3.0),)

SMALL = (Case("sum of squares, n = 10", small.sum_of_squares, small.small_inputs, (0,)),)

DEMONSTRATIONS = (
    Case("demo lynx, 50 steps a year", demonstrations.posterior, demonstrations.posterior_inputs, (0,), 3.0),
    Case("demo cities, map 20 times over", demonstrations.map_stress, demonstrations.map_inputs, (0,), 3.0),
)

ARRAY_STYLE = (*STENCILS, *GRIDS, *FACTORIZATIONS, *DENSE, *NETWORKS)

ALL = (*LOOPS, *FITS, *MONTE_CARLO, *SEQUENCES, *ARRAY_STYLE, *REDUCTIONS, *SMALL, *DEMONSTRATIONS)


def case_named(name: str) -> Case:
    """The case of this name."""
    return next(case for case in ALL if case.name == name)
