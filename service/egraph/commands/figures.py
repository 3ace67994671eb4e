"""Keeps what an evaluation gave with the graph that it measured, so that its pages show it beside the controls."""

from typing import Any

from egraph.graph.connection import open_database
from egraph.graph.constraints import ensure_schema
from egraph.graph.measured import Row, keep_measured
from egraph.results import Result
from egraph.settings import Settings

LESS, MORE = "less is better", "more is better"
TASKS = {
    "tracking": ("error", "distance between the {part} and patterns that follow it, in diagonals of the object", LESS),
    "instability": ("error", "how much the distance between patterns and the {part} varies, in diagonals", LESS),
    "localization": ("error", "distance of the {part} found from {shots} boxes, in diagonals of the object", LESS),
    "parts": ("share", "share of the objects on which patterns said to lie on the {part} do", MORE),
    "purity": ("coherence", "how alike a pattern's strongest places look to {judge}", MORE),
    "stability": ("found_again", "share of the patterns found again on other photos", MORE),
    "edges": ("fall", "share of its activation that a pattern loses when a partner is switched off", MORE),
    "activation": ("explained", "share of all activation that patterns explain, on other photos", MORE),
    "explanation": ("correlation", "agreement of explanations with what the score loses", MORE),
}
"""Of each task the figure that is kept, what it is, and which way it is better."""
CONTROLS = {
    "still": "a point that stands still",
    "no_pose": "the same patterns, without what the others tell",
    "parents_only": "the same patterns, placed by their parents alone",
    "raw_filters": "strongest units of raw filters",
    "random": "random places",
    "prior": "the boxes' mean place, on the side inferred",
    "constant": "the boxes' mean place",
    "next_filter": "patterns of another filter",
    "non_partners": "patterns that are no partners",
    "labels_only": "counted over the labels alone",
}
"""Other controls are called as `egraph evaluate` prints them."""


def keep_figures(settings: Settings, measured: Result) -> None:
    """Keep the main figure of an evaluation with its graph, in place of an earlier one of the same kind.

    Raises:
        NothingYetError: the graph is no longer there.
        DatabaseError: the database cannot be reached.
    """
    found = measured.to_json()
    with open_database(settings) as database:
        ensure_schema(database)
        task = " ".join(found[name] for name in ("task", "part") if name in found)
        keep_measured(database, found["graph"], task, rows_of(found))


def rows_of(found: dict[str, Any]) -> list[Row]:
    """The main figure of an evaluation beside each of its controls, and the share of sides that are right."""
    field, words, better = TASKS[found["task"]]
    where = " on new photos" if found.get("new_photos") else ""
    name = f"{words.format(**found)}{where}; {found['photos']} objects ({better})"
    methods = {method: scores[field] for method, scores in found["methods"].items() if scores[field] is not None}
    own = methods.pop("egraph")
    rows: list[Row] = [(name, own, control_words(method), value) for method, value in methods.items()]
    side = found.get("orientation") or {}
    if side.get("right") is not None:
        told = f"share of the objects whose side is right, by the {found['part']} ({MORE})"
        rows.append((told, side["right"], "none mirrored", side["unmirrored"]))
    return rows


def control_words(method: str) -> str:
    """What a control is called."""
    return CONTROLS.get(method, method.replace("_", " "))
