"""LAPACK and BLAS for compiled and for uncompiled code alike."""
