"""Benchmarks of jitad; the ratios are of times measured in the same run, on one core."""
