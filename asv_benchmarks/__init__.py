"""Benchmarks of jitad: an asv suite, ``table`` of all ratios and bars, and ``compare`` with other engines."""
