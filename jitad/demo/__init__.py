"""Demonstrations on real data: ``python -m jitad demo`` and ``python -m jitad demo cities``."""
