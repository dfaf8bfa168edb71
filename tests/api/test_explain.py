"""``explain`` shows the program, the records, the tape and the source."""

from __future__ import annotations

import numpy as np

import jitad


def lorenz(x, y, z, n):
    for _ in range(n):
        x, y, z = x + 0.01 * 10 * (y - x), y + 0.01 * (x * (28 - z) - y), z + 0.01 * (x * y - 8 / 3 * z)
    return x + y + z


def heat(u, n):
    for _ in range(n):
        v = u.copy()
        for i in range(1, u.shape[0] - 1):
            v[i] = u[i] + 0.1 * (u[i - 1] - 2 * u[i] + u[i + 1])
        u = v
    return np.sum(u)


def overwriting(u):
    for i in range(1, u.shape[0]):
        u[i] = u[i] * u[i - 1]
    return np.sum(u)


def test_lorenz_records_24_bytes_a_step():
    explanation = jitad.explain(lorenz, 1.0, 2.0, 3.0, 100, argnums=(0, 1, 2))
    assert explanation.total_bytes == 2400
    assert explanation.tape_bytes["float64"] == 2400
    assert len(explanation.records) == 3
    assert all(record.why for record in explanation.records)
    assert all(record.origin is not None for record in explanation.records)


def test_overwritten_values_are_recorded():
    explanation = jitad.explain(overwriting, np.arange(1.0, 6.0))
    assert any("old contents of 'u'" in record.what for record in explanation.records)
    assert explanation.total_bytes > 0


def test_text():
    explanation = jitad.explain(lorenz, 1.0, 2.0, 3.0, 10)
    text = str(explanation)
    for part in (
        "The program of lorenz",
        "records",
        "needn't record",
        "The tape",
        "bytes at most",
        "The adjoint program",
        "The emitted sweeps",
    ):
        assert part in text
    assert explanation.source in explanation.file.read_text() + "\n"
    assert "program lorenz(x: float64" in explanation.program


def test_a_derivative_is_explained_as_its_function():
    assert jitad.explain(jitad.grad(lorenz), 1.0, 2.0, 3.0, 10).name == "lorenz"


def paid(x, y):
    total = 0.0
    for i in range(x.shape[0]):
        e = np.exp(x[i])
        if e > 1.0:
            total += np.sqrt(e) * y
    return total


def stored(x):
    kept = np.empty_like(x)
    total = 1.0
    for i in range(x.shape[0]):
        e = np.exp(x[i])
        kept[i] = e
        total *= e
    return total + kept[0]


def test_what_needs_no_record_is_told():
    explanation = jitad.explain(paid, np.array([0.5, -1.0]), 2.0)
    assert explanation.records == ()
    assert explanation.storage == "auto"
    assert [record.what for record in explanation.spared] == ["the loop", "the value of 'sqrt' (float64)"]
    assert "as soon as it has run" in explanation.spared[0].why
    assert "kept in a variable" in explanation.spared[1].why
    assert all(record.origin is not None for record in explanation.spared)
    (left,) = jitad.explain(stored, np.array([0.5, -1.0])).spared
    assert "a store has left it" in left.why


def rows(x):
    total = 1.0
    for i in range(x.shape[0]):
        b = np.empty(x.shape[0])
        for j in range(x.shape[0]):
            b[j] = x[i] * x[j] * total
        total *= 1.0 + b[0] * b[1]
    return total


def test_arrays_of_iterations_are_told():
    explanation = jitad.explain(rows, np.array([0.5, -1.0, 0.2]))
    (told,) = [record for record in explanation.spared if "lies on the tape" in record.what]
    assert told.what == "where 'b' lies on the tape"
    assert "the loop's index finds them" in told.why
    assert told.origin is not None
    assert not any("on the tape" in record.why for record in explanation.records)


def test_storage_is_the_callers_choice():
    x = np.array([0.5, -1.0, 0.2])
    found = {
        storage: jitad.explain(jitad.grad(stored, storage=storage), x) for storage in ("auto", "record", "recompute")
    }
    assert {storage: explanation.storage for storage, explanation in found.items()} == {s: s for s in found}
    assert found["recompute"].total_bytes == found["auto"].total_bytes < found["record"].total_bytes
    assert found["recompute"].source.count("exp(") > found["auto"].source.count("exp(")
    assert jitad.explain(stored, x, storage="record").total_bytes == found["record"].total_bytes
    assert "storage='record'" in str(found["record"])
