"""SciPy's special functions for jitad: with this package installed, kernels may call and differentiate them."""
