"""What arithmetic on numbers side by side needs beyond that on numbers: spreading one, and changing the dtype."""

from __future__ import annotations

from functools import cache

from jitad.primitives import guarded
from jitad.primitives.spec import ScalarPrimitive
from jitad.runtime import lanes, plain


@cache
def splat(width: int) -> ScalarPrimitive:
    """The primitive that gives each of ``width`` lanes the same number."""
    return ScalarPrimitive(
        name="splat",
        template=f"splat({{0}}, {width})",
        typed_as=None,
        partials=(None,),
        names=(("splat", lanes.splat),),
        plain_names=(("splat", plain.splat),),
    )


@cache
def unit(width: int, dtype: str) -> ScalarPrimitive:
    """The primitive that gives the lane at a position 1, and the others 0."""
    return ScalarPrimitive(
        name="unit",
        template=f"unit_lanes({{0}}, {width}, {dtype!r})",
        typed_as=None,
        partials=(None,),
        names=(("unit_lanes", lanes.unit_lanes),),
        plain_names=(("unit_lanes", plain.unit_lanes),),
    )


@cache
def lane_by_lane(primitive: ScalarPrimitive, width: int, with_lanes: tuple[bool, ...]) -> ScalarPrimitive:
    """The primitive of ``width`` lanes, one after the other; ``with_lanes`` says which arguments have them."""
    calls = [
        primitive.template.format(
            *(f"lane({{{at}}}, {number})" if has else f"{{{at}}}" for at, has in enumerate(with_lanes))
        )
        for number in range(width)
    ]
    return ScalarPrimitive(
        name=f"{primitive.name}_lanes",
        template=f"gather_lanes({', '.join(calls)})",
        typed_as=None,
        partials=(None,) * primitive.arity,
        names=(*primitive.names, ("lane", lanes.lane), ("gather_lanes", lanes.gather_lanes)),
        plain_names=(*primitive.plain_names, ("lane", plain.lane), ("gather_lanes", plain.gather_lanes)),
    )


def _cast(dtype: str) -> ScalarPrimitive:
    name = f"lanes_to_{dtype}"
    return ScalarPrimitive(
        name=name,
        template=f"{name}({{0}})",
        typed_as=None,
        partials=(None,),
        names=((name, getattr(lanes, name)),),
        plain_names=((name, getattr(plain, name)),),
    )


casts: dict[str, ScalarPrimitive] = {dtype: _cast(dtype) for dtype in ("float64", "float32")}


guarded_times = ScalarPrimitive(
    name=f"{guarded.times.name}_lanes",
    template="guarded_product_lanes({0}, {1})",
    typed_as=None,
    partials=(None, None),
    names=(("guarded_product_lanes", lanes.guarded_product_lanes),),
    plain_names=(("guarded_product_lanes", plain.guarded_product_lanes),),
)
"""The form of a guarded product for lanes."""
