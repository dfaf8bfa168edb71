"""Every NumPy function that Numba can call does in kernels what it does in NumPy, and is differentiated or refused."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import entry_points
from typing import Any

import numpy as np
import pytest

import jitad
from jitad.api.mode import uncompiled
from jitad.errors import UnsupportedCallError
from jitad.primitives import registry
from jitad.testing import check_grads
from tests.coverage import method_cases, number_cases, rearranging_cases, zero_cases  # noqa: F401 (fill the table)
from tests.coverage.case import CALLS, Call, V
from tests.coverage.table import Feature, features, in_readme, table
from tests.reading.driver import leaves, run

FEATURES = features()
SMOOTH = [feature for feature in FEATURES if feature.is_covered and not feature.is_in_plugin]
ZERO = [feature for feature in FEATURES if feature.kind == "zero"]
REFUSED = [feature for feature in FEATURES if not feature.is_covered and feature.kind not in ("zero", "random")]


def called(feature: Feature) -> Call:
    """The call of a function by one of its names."""
    return next(CALLS[name] for name in feature.names if name in CALLS)


def name_of(feature: Feature) -> str:
    return feature.names[0]


def copies(args: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(arg.copy() if isinstance(arg, np.ndarray) else arg for arg in args)


def assert_like_numpy(call: Call, args: tuple[Any, ...], rtol: float) -> None:
    with np.errstate(all="ignore"):
        expected = leaves(call.kernel(*copies(args)))
        actual = leaves(run(call.kernel, *copies(args)))
    assert len(actual) == len(expected)
    for a, e in zip(actual, expected, strict=True):
        assert np.shape(a) == np.shape(e)
        np.testing.assert_allclose(a, e, rtol=rtol, atol=rtol)
        if rtol < 1e-10:
            assert np.asarray(a).dtype == np.asarray(e).dtype


@pytest.mark.parametrize("feature", [*SMOOTH, *ZERO], ids=name_of)
def test_values_are_numpys(feature: Feature) -> None:
    call = called(feature)
    assert_like_numpy(call, call.args, 1e-12)


@pytest.mark.parametrize("feature", SMOOTH, ids=name_of)
def test_derivatives_are_differences(feature: Feature) -> None:
    call = called(feature)
    if not call.is_smooth:
        assert_directions_agree(call)
        return
    with uncompiled(), np.errstate(all="ignore"):
        check_grads(call.kernel, call.args, order=1)


def assert_directions_agree(call: Call) -> None:
    """At a jump there are no differences; the two modes still agree, and say something."""
    random = np.random.default_rng(3)
    with uncompiled():
        value, pullback = jitad.vjp(call.kernel, *call.args)
        seed = random.normal(size=value.shape)
        directions = tuple(random.normal(size=arg.shape) for arg in call.args)
        _, along = jitad.jvp(call.kernel, call.args, directions)
        back = pullback(seed)
    gradients = back if isinstance(back, tuple) else (back,)
    total = sum(float(np.sum(g * d)) for g, d in zip(gradients, directions, strict=True))
    assert np.sum(seed * along) == pytest.approx(total, rel=1e-12)
    assert total != 0


SINGLE = [feature for feature in SMOOTH if feature.names[0] not in ("float64", "double", "finfo", "nextafter")]


def narrowed(args: tuple[Any, ...]) -> tuple[Any, ...]:
    """The arrays in single precision."""
    return tuple(a.astype(np.float32) if isinstance(a, np.ndarray) and a.dtype == np.float64 else a for a in args)


@pytest.mark.parametrize("feature", SINGLE, ids=name_of)
def test_single_precision(feature: Feature) -> None:
    call = called(feature)
    args = narrowed(call.args)
    assert_like_numpy(call, args, 2e-5)
    gradients = []
    for given in (args, call.args):
        with uncompiled(), np.errstate(all="ignore"):
            gradients.append(jitad.grad(summed(call.kernel))(*given))
    np.testing.assert_allclose(gradients[0], gradients[1], rtol=1e-3, atol=1e-4)
    assert np.asarray(gradients[0]).dtype == np.asarray(args[0]).dtype


def summed(kernel: Callable[..., Any]) -> Callable[..., Any]:
    """The sum of all that a kernel gives."""

    def total(*args: Any) -> Any:
        given = kernel(*args)
        result = 0.0
        for part in given if isinstance(given, (tuple, list)) else (given,):
            result += np.sum(1.0 * np.asarray(part))
        return result

    return total


@pytest.mark.parametrize("feature", ZERO, ids=name_of)
def test_the_derivative_is_zero(feature: Feature) -> None:
    call = called(feature)
    with uncompiled(), np.errstate(all="ignore"):
        gradient = jitad.grad(summed(call.kernel))(*call.args)
    np.testing.assert_array_equal(gradient, np.zeros_like(call.args[0]))


@pytest.mark.parametrize("feature", REFUSED, ids=name_of)
def test_the_rest_is_refused_with_a_reason(feature: Feature) -> None:
    name = feature.names[0].removeprefix("ndarray.")
    function = feature.function

    def method(a: Any) -> Any:
        return np.sum(getattr(a, name))

    def plain(a: Any) -> Any:
        return np.sum(function(a))

    with uncompiled(), pytest.raises(UnsupportedCallError) as caught:
        jitad.grad(method if feature.is_method else plain)(V)
    assert name.rpartition(".")[2] in caught.value.reason
    assert len(caught.value.reason) > len(name) + 20 and caught.value.remedy


def test_almost_all_functions_with_a_derivative_are_covered() -> None:
    smooth = [feature for feature in FEATURES if feature.is_smooth]
    own = [feature for feature in smooth if feature.kind == "smooth"]
    covered = [feature for feature in smooth if feature.is_covered]
    print(
        f"{len(covered)} of {len(smooth)} functions with a derivative ({100 * len(covered) / len(smooth):.1f} %), "
        f"{100 * sum(feature.is_covered for feature in own) / len(own):.1f} % of those that aren't left to plugins"
    )
    missing = [feature.names[0] for feature in own if not feature.is_covered]
    assert len(missing) <= 0.05 * len(own), missing


def test_with_the_plugins_all_of_them_are_covered(monkeypatch: pytest.MonkeyPatch) -> None:
    if not {"jitad_linalg", "jitad_signal"} <= entry_points(group="jitad").names:
        pytest.skip("the plugins aren't installed")
    monkeypatch.delenv("JITAD_DISABLE_PLUGINS")
    monkeypatch.setattr(registry, "lookup", registry.Registry().lookup)
    smooth = [feature for feature in FEATURES if feature.is_smooth]
    missing = [feature.names[0] for feature in smooth if not feature.is_covered]
    covered = len(smooth) - len(missing)
    print(f"{covered} of {len(smooth)} functions with a derivative, with jitad-linalg and jitad-signal")
    assert missing == []


def test_the_readme_shows_the_table() -> None:
    assert in_readme() == table(), "run: python -m tests.coverage.table"


def numba_names() -> set[str]:
    """The NumPy functions that the installed Numba's typing context has a type for."""
    import weakref

    from numba.core.registry import cpu_target

    cpu_target.target_context.refresh()
    cpu_target.typing_context.refresh()
    known = {id(g() if isinstance(g, weakref.ref) else g) for g in cpu_target.typing_context._globals}
    modules = {"": np, "linalg.": np.linalg, "random.": np.random}
    return {
        prefix + name
        for prefix, module in modules.items()
        for name, value in vars(module).items()
        if id(value) in known and not name.startswith("_")
    }


def test_the_list_is_what_numba_knows() -> None:
    import numba

    listed = {name for feature in FEATURES for name in feature.names if not feature.is_method}
    newer = numba_names() - listed
    if (numba.__version__, np.__version__) == ("0.68.1", "2.4.6"):
        assert not newer
        assert not listed - numba_names()
    assert len(newer) < 20, f"bring numpy_features.txt up to date: {sorted(newer)}"
