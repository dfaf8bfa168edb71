"""The demonstrations: their data, their kernels, their gradients, and what they print and draw."""

from __future__ import annotations

import itertools
import math
import sys
from pathlib import Path

import numpy as np
import pytest

import jitad
from jitad.__main__ import main
from jitad.demo import cities, lynx, show
from jitad.demo.city_map import map_distances, stress, with_north_up
from jitad.demo.datasets import load_pelts, load_road_distances
from jitad.demo.predator_prey import DEVIATIONS, PUBLISHED, negative_log_likelihood, negative_log_posterior, trajectory
from jitad.testing import finite_difference_gradient
from jitad.testing.differences import differentiate

PNG = b"\x89PNG\r\n\x1a\n"


def test_pelts_are_the_published_counts() -> None:
    pelts = load_pelts()
    assert pelts.years.tolist() == list(range(1900, 1921))
    assert (pelts.hare.max(), pelts.years[pelts.hare.argmax()]) == (77.4, 1903)
    assert (pelts.lynx.max(), pelts.years[pelts.lynx.argmax()]) == (59.4, 1904)
    assert pelts.hare.sum() == pytest.approx(715.7)
    assert pelts.lynx.sum() == pytest.approx(423.5)


def test_road_distances_are_a_table_of_distances() -> None:
    names, kilometres = load_road_distances()
    assert len(set(names)) == 21
    assert (kilometres == kilometres.T).all()
    assert (np.diag(kilometres) == 0).all()
    assert (kilometres + np.eye(21) > 0).all()
    assert kilometres[names.index("Athens"), names.index("Lisbon")] == kilometres.max() == 4532


def test_only_slips_of_the_source_are_much_longer_than_a_way_round() -> None:
    names, kilometres = load_road_distances()
    suspects = set()
    for i, j in itertools.combinations(range(len(names)), 2):
        others = [k for k in range(len(names)) if k not in (i, j)]
        if (kilometres[i, others] + kilometres[others, j]).min() < 0.6 * kilometres[i, j]:
            suspects.add((names[i], names[j]))
    assert suspects == {("Brussels", "Copenhagen"), ("Calais", "Copenhagen"), ("Cologne", "Geneva")}


def test_likelihood_agrees_with_an_adaptive_integrator() -> None:
    pelts = load_pelts()
    theta = np.log(PUBLISHED)
    yearly = trajectory(theta, 20, 1)
    observed = np.column_stack([pelts.hare, pelts.lynx])
    sigma = np.exp(theta[6:])
    residuals = (np.log(observed) - np.log(yearly)) / sigma
    expected = (0.5 * residuals**2 + np.log(sigma) + np.log(observed) + 0.5 * math.log(2 * math.pi)).sum()
    assert negative_log_likelihood(theta, pelts.hare, pelts.lynx, 50) == pytest.approx(expected, rel=1e-6)


def test_gradient_of_the_fit_agrees_with_differences() -> None:
    pelts = load_pelts()
    value, ours = jitad.value_and_grad(negative_log_posterior)(lynx.START, pelts.hare, pelts.lynx, 20)
    assert value == pytest.approx(negative_log_posterior(lynx.START, pelts.hare, pelts.lynx, 20), rel=1e-13)
    differences = finite_difference_gradient(
        lambda theta: negative_log_posterior(theta, pelts.hare, pelts.lynx, 20), lynx.START, order=4
    )
    np.testing.assert_allclose(ours, differences, rtol=1e-7)


def test_gradient_of_the_stress_agrees_with_its_formula() -> None:
    positions = np.random.default_rng(3).normal(size=(6, 2))
    distances = map_distances(np.random.default_rng(4).normal(size=(6, 2)))
    ours = jitad.grad(stress)(positions, distances)
    excess = map_distances(positions) ** 2 - distances**2
    expected = 4 * (excess[:, :, None] * (positions[:, None] - positions[None, :])).sum(axis=1)
    np.testing.assert_allclose(ours, expected, rtol=1e-12, atol=1e-12)


def test_fit_finds_the_published_rates() -> None:
    fitted = np.exp(lynx.fit(load_pelts()))
    np.testing.assert_allclose(fitted[:4], PUBLISHED[:4], rtol=0.05)
    np.testing.assert_allclose(fitted[4:6], PUBLISHED[4:6], rtol=0.1)


def test_standard_errors_agree_with_differences_and_with_the_published_deviations() -> None:
    pelts = load_pelts()
    theta = lynx.fit(pelts)
    gradient = jitad.grad(negative_log_posterior)
    columns = [
        differentiate(lambda t, unit=unit: gradient(theta + t * unit, pelts.hare, pelts.lynx, lynx.SUBSTEPS)).value
        for unit in np.eye(8)
    ]
    expected = np.exp(theta) * np.sqrt(np.diag(np.linalg.inv(columns)))
    found = lynx.standard_errors(theta, lynx.covariance(pelts, theta))
    np.testing.assert_allclose(found, expected, rtol=1e-8)
    np.testing.assert_allclose(found, DEVIATIONS, rtol=0.3)


def test_the_band_of_the_fit_is_what_draws_of_the_parameters_give() -> None:
    theta = lynx.fit(load_pelts())
    spread = lynx.covariance(load_pelts(), theta)
    found = lynx.trajectory_errors(theta, spread, 5, 4)
    draws = np.random.default_rng(0).multivariate_normal(theta, 0.01 * spread, size=200)
    logs = [np.log(trajectory(draw, 5, 4)) for draw in draws]
    np.testing.assert_allclose(found, 10.0 * np.std(logs, axis=0), rtol=0.2)


def test_map_of_exact_distances_is_recovered() -> None:
    truth = np.random.default_rng(5).normal(size=(21, 2)) * 1000
    roads = load_road_distances()._replace(kilometres=map_distances(truth))
    recovered = cities.recover(roads, restarts=3)
    np.testing.assert_allclose(map_distances(recovered.positions), roads.kilometres, atol=1e-2)


def test_map_is_turned_the_right_way_round() -> None:
    names = load_road_distances().cities
    east, north = cities.recover(load_road_distances(), restarts=3).positions.T
    at = {name: (east[i], north[i]) for i, name in enumerate(names)}
    assert at["Lisbon"][0] < at["Madrid"][0] < at["Rome"][0] < at["Athens"][0]
    assert at["Gibraltar"][1] < at["Madrid"][1] < at["Paris"][1] < at["Hamburg"][1] < at["Stockholm"][1]


def test_turning_a_map_undoes_a_turn_and_a_mirror() -> None:
    square = np.array([[0.0, -1.0], [0.0, 1.0], [1.0, 0.0], [-1.0, 0.0]])
    turned = square @ np.array([[0.6, 0.8], [-0.8, 0.6]]) * np.array([-1.0, 1.0]) + 7.0
    np.testing.assert_allclose(with_north_up(turned, 0, 1, 0.0, 2), square, atol=1e-12)


def test_progress_without_tqdm_is_plain_text(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "tqdm", None)
    with show.Progress("fitting") as progress:
        progress.advance(loss=2.0)
        progress.advance(loss=1.5)
    assert capsys.readouterr().err.rstrip().endswith("fitting: 2 iterations, loss 1.5")


def test_lynx_demo_prints_and_draws(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "plot.png"
    assert main(["demo", "--output", str(output)]) == 0
    assert output.read_bytes().startswith(PNG)
    shown = capsys.readouterr().out
    assert all(word in shown for word in ("alpha", "published", "finite difference", "ratio", str(output)))
    assert "standard error" in shown


def test_cities_demo_prints_and_draws(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "map.png"
    assert main(["demo", "cities", "--output", str(output)]) == 0
    assert output.read_bytes().startswith(PNG)
    shown = capsys.readouterr().out
    assert "worst pair: Cologne to Geneva, 1662 km by road" in shown
    assert all(word in shown for word in ("stress", "finite difference", "ratio", str(output)))
