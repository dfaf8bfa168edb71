"""Benchmarks of jitad: an asv suite in ``benchmarks``, and ``table``, which prints every ratio in one run."""
