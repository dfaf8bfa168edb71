"""The real data that the demonstrations use; the files lie in the package, their sources are named here."""

from __future__ import annotations

import csv
from importlib.resources import files
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Pelts(NamedTuple):
    """Yearly counts of pelts, in thousands: three float64 arrays of shape (21,)."""

    years: NDArray[np.float64]
    hare: NDArray[np.float64]
    lynx: NDArray[np.float64]


class RoadDistances(NamedTuple):
    """City names, and the distances between them in kilometres: a symmetric float64 array of shape (n, n)."""

    cities: tuple[str, ...]
    kilometres: NDArray[np.float64]


def _rows(name: str) -> list[list[str]]:
    text = (files("jitad.demo") / "data" / name).read_text(encoding="utf-8")
    return list(csv.reader(text.splitlines()))


def load_pelts() -> Pelts:
    """Pelts of snowshoe hare and Canada lynx that the Hudson's Bay Company collected, 1900 to 1920.

    Source: C. G. Hewitt, *The Conservation of the Wild Life of Canada* (Scribner's, 1921), as tabulated by
    P. Howard, *Modeling Basics* (Texas A&M University, 2009), and used by B. Carpenter, "Predator-Prey Population
    Dynamics: the Lotka-Volterra model in Stan" (Stan case studies, 2018).

    >>> pelts = load_pelts()
    >>> len(pelts.years), float(pelts.hare[0]), float(pelts.lynx[0])
    (21, 30.0, 4.0)
    """
    _, *rows = _rows("hudson_bay_pelts.csv")
    years, hare, lynx = np.array(rows, dtype=np.float64).T.copy()
    return Pelts(years, hare, lynx)


def load_road_distances() -> RoadDistances:
    """Road distances between 21 European cities, in kilometres.

    Source: D. Crystal (ed.), *The Cambridge Encyclopaedia* (Cambridge University Press, 1990), as in R's data set
    ``eurodist``. The numbers are kept as printed, although some look like slips: Cologne to Geneva is given
    as 1662 km, nearly twice the way by Lyons, and Copenhagen has the distances of Cologne to Hamburg and
    to Hook of Holland.

    >>> roads = load_road_distances()
    >>> len(roads.cities), roads.kilometres.shape
    (21, (21, 21))
    """
    header, *rows = _rows("european_road_distances.csv")
    return RoadDistances(tuple(header[1:]), np.array([row[1:] for row in rows], dtype=np.float64))
