"""The asv suite. The thread counts are set before NumPy and Numba are imported.

Everything here runs on one core, but for the gradients of ``threads``: nothing else asks for Numba's threads.
"""

import os

for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")
os.environ.setdefault("NUMBA_NUM_THREADS", str(min(2, os.cpu_count() or 1)))
