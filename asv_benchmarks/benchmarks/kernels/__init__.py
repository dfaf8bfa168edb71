"""The kernels: plain Python functions that Numba compiles, with inputs, and adjoints written by hand."""
