"""Plots of figures, drawn by matplotlib in a grey that can be read on light and on dark pages."""

import io
from collections.abc import Sequence

from matplotlib.figure import Figure
from PIL import Image

from egraph.report.page_content import Figure as Measured
from egraph.report.words import number

INK, OWN, CONTROL = "#7c8592", "#0a74c4", "#a7b0bc"
DOTS = 150
WIDE, ROW, LABELS = 7.4, 0.3, 0.48
"""Inches of the plot and of a bar; the share of the width that labels have."""


def figures_plot(figures: Sequence[Measured]) -> Image.Image:
    """Each figure as a bar, its controls below it, one group of bars for each figure: RGBA, its ground transparent."""
    groups: dict[str, list[tuple[str, float, bool]]] = {}
    for one in figures:
        if isinstance(one.value, int | float) and isinstance(one.control_value, int | float):
            bars = groups.setdefault(one.name, [("egraph", float(one.value), True)])
            bars.append((one.control, float(one.control_value), False))
    rows = sum(len(bars) for bars in groups.values())
    height = ROW * rows + 0.62 * len(groups) + 0.1
    made = Figure(figsize=(WIDE, max(height, 0.5)), dpi=DOTS)
    down = 0.05
    for name, bars in groups.items():
        tall = ROW * len(bars)
        made.text(0.0, 1 - (down + 0.18) / height, name, fontsize=8.5, color=INK, va="center")
        axes = made.add_axes((LABELS, 1 - (down + 0.36 + tall) / height, 0.92 - LABELS, tall / height))
        axes.barh(
            [label for label, _, _ in bars],
            [value for _, value, _ in bars],
            color=[OWN if own else CONTROL for _, _, own in bars],
            height=0.62,
        )
        for place, (_, value, _) in enumerate(bars):
            axes.text(value, place, f" {number(value)}", va="center", fontsize=8.5, color=INK)
        axes.invert_yaxis()
        axes.tick_params(axis="y", colors=INK, labelsize=8.5, length=0)
        axes.set_xticks([])
        axes.set_frame_on(False)
        axes.margins(x=0.12)
        axes.set_xlim(left=0)
        down += tall + 0.62
    buffer = io.BytesIO()
    made.savefig(buffer, format="png", transparent=True)
    return Image.open(buffer).convert("RGBA")
