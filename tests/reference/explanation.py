"""The groups of an account as plain loops: every unit of every filter, pattern by pattern."""

import numpy as np


def slow_groups(
    values: np.ndarray,
    own: np.ndarray,
    scattered: np.ndarray,
    beside: np.ndarray,
    filter_: np.ndarray,
    boxes: dict[str, np.ndarray],
    nearest: np.ndarray,
    shown: list[int],
    texture: np.ndarray,
) -> dict[str, list[float]]:
    """For and against of each group. values: (C, U) contributions; own (P, U), scattered, beside (C, U) whose they are;
    boxes: (U,) share of each unit in each named part; nearest: (P,) anchor; texture: (C,)."""
    names = [*boxes, *(f"unnamed part {number}" for number in shown), "other unnamed parts"]
    said = {name: [0.0, 0.0] for name in (*names, "texture", "background", "not explained")}

    def add(name: str, value: float) -> None:
        said[name][0 if value > 0 else 1] += value

    filters, units = values.shape
    for f in range(filters):
        for u in range(units):
            covered = sum(box[u] for box in boxes.values())
            for p in np.flatnonzero(filter_ == f):
                mine = values[f, u] * own[p, u]
                for name, box in boxes.items():
                    add(name, mine * box[u] / max(1.0, covered))
                name = f"unnamed part {nearest[p]}" if nearest[p] in shown else "other unnamed parts"
                add(name, mine * max(0.0, 1 - covered))
            add("texture", values[f, u] * scattered[f, u] * texture[f])
            add("not explained", values[f, u] * scattered[f, u] * (1 - texture[f]))
            add("background", values[f, u] * beside[f, u])
    return said


def cell_share(cell: tuple[float, float, float, float], box: tuple[float, float, float, float], steps: int) -> float:
    """Which share of a cell (top, left, bottom, right) lies in a box, counted on a grid of steps x steps points."""
    rows = np.linspace(cell[0], cell[2], 2 * steps + 1)[1::2]
    columns = np.linspace(cell[1], cell[3], 2 * steps + 1)[1::2]
    inside = [box[0] <= y <= box[2] and box[1] <= x <= box[3] for y in rows for x in columns]
    return sum(inside) / len(inside)
