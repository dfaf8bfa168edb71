"""Functions with derivative rules for jitad."""

from jitad_example.functions import softplus
from jitad_example.rules import running_sum

__all__ = ["running_sum", "softplus"]
