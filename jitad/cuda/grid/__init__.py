"""One large evaluation on CUDA: the loops of both sweeps whose iterations may run in any order become kernels.

``plan`` decides which loops, ``threads`` turns each into a program for one thread, ``kernels`` makes CUDA kernels of
these, ``host`` writes the rest as Python that starts them, ``job`` is what that Python runs on, ``entry`` is the
surface.
"""
