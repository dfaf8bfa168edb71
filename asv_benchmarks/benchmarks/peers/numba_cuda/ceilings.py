"""Kernels that do nothing but copy, or nothing but multiply and add."""

from jitad.cuda.target import cuda

CHAINS = 4
"""Chains in each thread, which don't need each other, so that one hides the others' latency."""


@cuda.jit
def copy(target, source):
    i = cuda.grid(1)
    if i < source.shape[0]:
        target[i] = source[i]


@cuda.jit
def chains(out, factor, shift, links):
    i = cuda.grid(1)
    a = b = c = d = factor
    for _ in range(links):
        a = cuda.fma(a, factor, shift)
        b = cuda.fma(b, factor, shift)
        c = cuda.fma(c, factor, shift)
        d = cuda.fma(d, factor, shift)
    if i < out.shape[0]:
        out[i] = a + b + c + d
