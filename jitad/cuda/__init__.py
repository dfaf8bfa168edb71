"""Derivatives on CUDA: batches with one thread a sample, and device functions for kernels of one's own."""
