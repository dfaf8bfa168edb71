"""Programs as readable Python source, which Numba compiles and which also runs as it is."""
