"""Demonstrations on real data, and small algorithms on top of products with the Hessian.

``python -m jitad demo`` and ``python -m jitad demo cities``; ``python -m jitad.demo.newton_cg`` and
``python -m jitad.demo.trace``.
"""
