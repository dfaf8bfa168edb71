"""Batches: one function, evaluated for many samples."""
