"""Arguments of Fourier transforms, for tests."""

from __future__ import annotations

import numpy as np

_RANDOM = np.random.default_rng(7)
_LINE, _TABLE = _RANDOM.standard_normal(5), _RANDOM.standard_normal((3, 4))
_COMPLEX_LINE = _LINE + 1j * _RANDOM.standard_normal(5)
_COMPLEX_TABLE = _TABLE + 1j * _RANDOM.standard_normal((3, 4))

COMPLEX = [(_COMPLEX_LINE,), (_LINE, 3, -1, "ortho"), (_COMPLEX_TABLE, 5, 0, "forward")]
COMPLEX_TABLES = [(_COMPLEX_TABLE,), (_TABLE, (2, 5), (1, 0), "ortho")]
REAL = [(_LINE,), (_TABLE, 6, 0, "ortho"), (_TABLE, 3, 1, "forward")]
REAL_TABLES = [(_TABLE,), (_TABLE, (2, 5), (1, 0), "ortho")]
HALF = [(_COMPLEX_LINE,), (_COMPLEX_LINE, 7, -1, "forward"), (_COMPLEX_TABLE, 3, 0, "ortho")]
HALF_TABLES = [(_COMPLEX_TABLE,), (_COMPLEX_TABLE, (4, 5), (1, 0), "ortho")]
SHIFTED = [(_COMPLEX_LINE,), (_TABLE, 1)]
