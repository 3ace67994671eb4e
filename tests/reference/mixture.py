"""The mixture of a filter's activation, unit by unit and pattern by pattern."""

import math

import numpy as np


def bell(place, reach, rows, columns, size):
    """(units,) for one pattern in one view, row by row."""
    value = []
    for row in rows:
        for column in columns:
            down = (row - place[0]) ** 2 / (reach**2 + size[0] ** 2 / 12)
            across = (column - place[1]) ** 2 / (reach**2 + size[1] ** 2 / 12)
            value.append(math.exp(-(down + across) / 2))
    return np.array(value) / sum(value)


def even(chosen):
    return chosen / max(1, chosen.sum())


def fit(mass, places, units, rounds, every, start, first_reach, least, most, boldness, reach_boldness):
    """mass: (n, U) of one filter; places: (N, n, 2); units: for each view rows, columns, size and (U,) on the object.

    Gives shares (N,), reaches (N,), scattered, beside.
    """
    patterns = len(places)
    share = [start[0] / max(1, patterns)] * patterns + [start[1], start[2]]
    reach = [first_reach] * patterns
    extent = np.mean([s**2 for view in units for s in view[2]]) / 12
    for step in range(rounds):
        if step % every == 0:
            if step:
                for p in range(patterns):
                    square = won = 0.0
                    for view, (rows, columns, _, _) in enumerate(units):
                        for unit, (row, column) in enumerate((r, c) for r in rows for c in columns):
                            here = mass[view, unit] * kinds[view][p, unit] / total[view][unit]  # noqa: F821
                            square += here * ((row - places[p, view, 0]) ** 2 + (column - places[p, view, 1]) ** 2)
                            won += here
                    learnt = min(max(square / won / 2 - extent, least**2), most**2)
                    bold = reach[p] * (learnt / reach[p] ** 2) ** (reach_boldness / 2)
                    reach[p] = min(max(bold, least), most)
            kinds = [
                np.stack(
                    [bell(places[p, view], reach[p], *seen[:3]) for p in range(patterns)]
                    + [even(seen[3]), even(~seen[3])]
                )
                for view, seen in enumerate(units)
            ]
        total = [np.array(share) @ kind for kind in kinds]
        won = sum(
            (np.array(share)[:, None] * kind * (m / t)).sum(1) for kind, m, t in zip(kinds, mass, total, strict=True)
        )
        factor = [w / s / mass.sum() if s else 0.0 for w, s in zip(won, share, strict=True)]
        share = np.array([s * f ** (boldness if step < rounds - 1 else 1) for s, f in zip(share, factor, strict=True)])
        share /= share.sum()
    return share[:patterns], np.array(reach), share[patterns], share[patterns + 1]


def responsibilities(share, reach, scattered, beside, places, view):
    """(N + 2, U) of one filter in one view: its patterns', scattered, beside."""
    rows, columns, size, on = view
    kinds = [s * bell(place, r, rows, columns, size) for s, place, r in zip(share, places, reach, strict=True)]
    kinds += [scattered * even(on), beside * even(~on)]
    return np.stack(kinds) / sum(kinds)
