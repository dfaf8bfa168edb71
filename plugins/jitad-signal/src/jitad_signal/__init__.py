"""Signal processing for jitad: with this package installed, kernels may call and differentiate it."""
