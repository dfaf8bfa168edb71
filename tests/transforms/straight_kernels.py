"""Random kernels of single operations and branches as source text: poles, kinks and what is left out among them."""

from __future__ import annotations

import random

OF_ONE = (
    *("{u}", "-{u}", "2.0 * {u}", "0.0 * {u}", "1.0 / {u}", "np.abs({u})", "{u} ** 2", "{u} ** 0.5", "{u} ** 1.5"),
    *("math.sqrt({u})", "math.log({u})", "math.exp({u})", "math.sin({u})", "math.asin({u})", "np.cbrt({u})"),
)
OF_TWO = (
    *("{u} + {v}", "{u} - {v}", "{u} * {v}", "{u} / {v}", "{u} ** {v}", "{u} * {v} + {w}"),
    *("max({u}, {v})", "np.minimum({u}, {v})", "np.hypot({u}, {v})", "math.atan2({u}, {v})"),
    *("np.where({c}, {u}, {v})", "({u} if {c} else {v})", "({u} if {c} else 0.0)"),
)
CONDITIONS = ("{u} > 0.0", "{u} >= {v}", "{u} == 0.0", "{u} < 1.0")
HEADER = "import math\nimport numpy as np\n\n\ndef kernel(x, y, a, i, j):\n"


class Writer:
    """Writes one kernel of two numbers, a vector of 3 and two indices into it."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._lines: list[str] = []
        self._made = 0
        self._has_array = self._random.random() < 0.6

    def source(self) -> str:
        """A kernel that returns one to three numbers and, if it has one, its own array."""
        names = ["x", "y", "a[0]", "a[1]", "a[2]"]
        if self._random.random() < 0.3:
            names += ["a[i]", "a[j]"]
        if self._has_array:
            self._lines.append("    w = np.zeros(3)")
            names += ["w[0]", "w[1]", "w[2]"]
        self._statements(names, self._random.randint(2, 9), 1)
        results = [names[-1], *(self._random.choice(names) for _ in range(self._random.randint(0, 2)))]
        results += ["w"] if self._has_array else []
        return "\n".join([HEADER + self._lines[0], *self._lines[1:], f"    return {', '.join(results)}", ""])

    def _fresh(self) -> str:
        self._made += 1
        return f"t{self._made}"

    def _condition(self, names: list[str]) -> str:
        u, v = (self._random.choice(names) for _ in range(2))
        return self._random.choice(CONDITIONS).format(u=u, v=v)

    def _expression(self, names: list[str]) -> str:
        u, v, w = (self._random.choice(names) for _ in range(3))
        form = self._random.choice(OF_ONE + OF_TWO + OF_TWO)
        return form.format(u=u, v=v, w=w, c=self._condition(names))

    def _statements(self, names: list[str], count: int, depth: int) -> None:
        indent = "    " * depth
        for _ in range(count):
            kind = self._random.random()
            if kind < 0.18 and depth < 3:
                self._branch(names, depth)
            elif kind < 0.36 and depth == 1 and self._has_array:
                update = "=" if kind < 0.3 else "+="
                self._lines.append(f"{indent}w[{self._random.randint(0, 2)}] {update} {self._expression(names)}")
            else:
                line = f" = {self._expression(names)}"
                names.append(self._fresh())
                self._lines.append(indent + names[-1] + line)

    def _branch(self, names: list[str], depth: int) -> None:
        indent = "    " * depth
        results = [self._fresh() for _ in range(self._random.randint(1, 2))]
        for header in (f"if {self._condition(names)}:", "else:"):
            self._lines.append(indent + header)
            inside = [*names]
            self._statements(inside, self._random.randint(0, 3), depth + 1)
            for result in results:
                value = self._random.choice((self._expression(inside), self._random.choice(inside), "0.5"))
                self._lines.append(f"{indent}    {result} = {value}")
        names += results
