"""The page's words, tables and style. Whatever comes from outside is escaped here, in `text`."""

import html
from collections.abc import Iterable, Mapping, Sequence
from string import Template

from egraph.report.page_content import CategoryReport, EdgeCount, Figure, LayerRow, TogetherRow, Value
from egraph.report.pictures import colour_of

PAGE = Template("""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>$title</title>
<style>$style</style>
</head>
<body>
<main>
$body
</main>
</body>
</html>
""")

STYLE = """
:root { --ink: #1d2129; --soft: #5b6472; --line: #dde1e7; --paper: #fff; --card: #f5f7fa; --accent: #0b6bcb; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e9ee; --soft: #9aa4b2; --line: #343b46; --paper: #15181d; --card: #1e232a; --accent: #6cb2ff; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 62rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
h1 { font-size: 1.8rem; line-height: 1.2; margin: 0 0 .3rem; }
h2 { font-size: 1.3rem; margin: 2.6rem 0 .6rem; padding-top: 1rem; border-top: 1px solid var(--line); }
h3 { font-size: 1.05rem; margin: 1.6rem 0 .5rem; }
p { margin: .5rem 0; max-width: 46rem; }
.soft { color: var(--soft); font-size: .9rem; }
code { font-size: .86em; overflow-wrap: anywhere; }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: .7rem; margin: 1.2rem 0; }
.facts div { background: var(--card); border-radius: .6rem; padding: .7rem .9rem; }
.facts b { display: block; font-size: 1.35rem; line-height: 1.25; }
.facts span { color: var(--soft); font-size: .85rem; }
.wide { overflow-x: auto; margin: .8rem 0; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; }
th, td { text-align: left; padding: .4rem .7rem .4rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { color: var(--soft); font-weight: 600; font-size: .82rem; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td.k { overflow-wrap: break-word; }
td.k code { overflow-wrap: anywhere; }
.dot { display: inline-block; width: .8em; height: .8em; border-radius: 50%; margin-right: .4em; }
.badge { display: inline-block; min-width: 1.6em; padding: 0 .35em; border-radius: 1em; color: #fff; text-align: center;
  font-weight: 600; font-size: .85em; }
.layer { display: flex; gap: .9rem; align-items: center; background: var(--card); border-radius: .6rem;
  padding: .6rem .9rem; border-left: 6px solid; }
.layer svg { flex: none; }
.layer b { overflow-wrap: anywhere; }
.edge { color: var(--soft); font-size: .88rem; padding: .25rem 0 .25rem 2.2rem; }
.pattern { margin: 1rem 0; }
.patches { display: grid; grid-template-columns: repeat(auto-fill, minmax(6.2rem, 1fr)); gap: .5rem;
  margin-top: .4rem; }
.patches img, .patches .gone { width: 100%; max-width: 132px; aspect-ratio: 1; border-radius: .4rem; display: block; }
.gone { display: grid; place-items: center; background: var(--card); color: var(--soft); font-size: .75rem;
  text-align: center; padding: .3rem; }
.portrait { max-width: 100%; width: 34rem; height: auto; border-radius: .6rem; display: block; }
details { margin: .6rem 0; }
summary { cursor: pointer; color: var(--accent); }
"""

ICON = 60
"""Side in pixels of the drawing of a layer's map."""


def text(value: object) -> str:
    """Any value as escaped text, safe between tags and in quoted attributes."""
    return html.escape(str(value), quote=True)


def number(value: Value) -> str:
    """A figure as people read it: whole numbers in groups of three, others with three digits, words as they are."""
    if value is None:
        return "–"
    if isinstance(value, bool | str):
        return text(value)
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"


def table(columns: Sequence[tuple[str, bool]], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are HTML already; a column is its heading and whether it holds numbers."""
    kinds = ["n" if numeric else "k" for _, numeric in columns]
    head = "".join(f'<th class="{kind}">{text(name)}</th>' for (name, _), kind in zip(columns, kinds, strict=True))
    body = "\n".join(
        "<tr>" + "".join(f'<td class="{kind}">{cell}</td>' for cell, kind in zip(row, kinds, strict=True)) + "</tr>"
        for row in rows
    )
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table></div>'


def names_and_values(names: tuple[str, str], values: Mapping[str, object]) -> str:
    """A table of two columns; whole numbers and fractions are shown as `number` does."""
    rows = [
        (text(name), number(value) if isinstance(value, int | float) else text(value)) for name, value in values.items()
    ]
    return table([(names[0], False), (names[1], False)], rows)


def folded(summary: str, inner: str) -> str:
    """A part of the page that opens on demand; `inner` is HTML."""
    return f"<details><summary>{text(summary)}</summary>\n{inner}\n</details>"


def head_of(report: CategoryReport) -> str:
    """Title, what this is, and the four numbers that one wants first."""
    patterns = sum(layer.patterns for layer in report.layers)
    facts = {
        "photos": report.photos_used,
        "patterns": patterns,
        "fire together": sum(edges.co_activations for edges in report.edges),
        "displacements": sum(edges.displacements for edges in report.edges),
    }
    boxes = "".join(f"<div><b>{number(value)}</b><span>{name}</span></div>" for name, value in facts.items())
    return f"""<h1>{text(report.category.capitalize())}: what the network {text(report.network)} looks at</h1>
<p class="soft">Graph <code>{text(report.graph_id)}</code>, written {text(report.written_at)}</p>
<div class="facts">{boxes}</div>
<p>A <b>pattern</b> is one thing that one filter of the network reacts to, at one place of the object. Patterns of
neighbouring layers are joined where they <b>fire together</b> on many photos, and where the <b>displacement</b>
between them is steady. No part labels were needed to find them; labels only give the parts below their names.</p>
{"".join(f"<p>{text(remark)}</p>" for remark in report.remarks)}"""


def figures_table(figures: Sequence[Figure]) -> str:
    """Every figure beside its control; a figure that is repeated for another control is named once."""
    columns = [("figure", False), ("value", True), ("control", False), ("its value", True)]
    rows = []
    for before, figure in zip([None, *figures], figures, strict=False):
        shown = (
            ("", "") if before and before[:2] == figure[:2] else (text(figure.name), f"<b>{number(figure.value)}</b>")
        )
        rows.append((*shown, text(figure.control), number(figure.control_value)))
    return table(columns, rows)


def layers_of(layers: Sequence[LayerRow], edges: Sequence[EdgeCount]) -> str:
    """The layers from the top down, the edges between them, and how much of the object one unit of each sees."""
    joined = {(count.lower, count.upper): count for count in edges}
    blocks = []
    for index in reversed(range(len(layers))):
        layer = layers[index]
        about = [f"{number(layer.patterns)} patterns"]
        if layer.filters is not None:
            of = f" of {number(layer.channels)}" if layer.channels is not None else ""
            about.append(f"of {number(layer.filters)}{of} filters")
        if layer.map_width is not None:
            about.append(f"map of {layer.map_width} × {layer.map_width} units")
        blocks.append(
            f'<div class="layer" style="border-color:{colour_of(index)}">{_map_icon(layer, colour_of(index))}'
            f'<div><b>{text(layer.name)}</b><br><span class="soft">{", ".join(about)}</span></div></div>'
        )
        between = joined.get((layers[index - 1].name, layer.name)) if index else None
        if between:
            blocks.append(
                f'<div class="edge">↕ {number(between.co_activations)} pairs fire together, '
                f"{number(between.displacements)} displacements</div>"
            )
        elif index:
            blocks.append('<div class="edge">↕</div>')
    return "\n".join(blocks)


def together_table(rows: Sequence[TogetherRow], badges: Mapping[str, str]) -> str:
    """Which patterns fire together; `badges` are the patterns' numbers as HTML, other patterns appear by their id."""
    columns = [("pattern", False), ("with", False), ("strength", True), ("photos", True), ("stands", False)]
    cells = [
        (
            badges.get(row.lower, f"<code>{text(row.lower)}</code>"),
            badges.get(row.upper, f"<code>{text(row.upper)}</code>"),
            number(row.strength),
            number(row.photos),
            displacement_words(row.dx, row.dy, row.sigma),
        )
        for row in rows
    ]
    return table(columns, cells)


def displacement_words(dx: float | None, dy: float | None, sigma: float | None) -> str:
    """Where one thing stands as seen from another, in percent of the crop."""
    if dx is None or dy is None:
        return "–"
    across = f"{abs(dx):.0%} {'right' if dx > 0 else 'left'}"
    along = f"{abs(dy):.0%} {'below' if dy > 0 else 'above'}"
    shown = [words for words, value in ((across, dx), (along, dy)) if abs(value) >= 0.005]
    steady = f" ± {sigma:.0%}" if sigma is not None else ""
    return (", ".join(shown) or "same place") + steady


def _map_icon(layer: LayerRow, colour: str) -> str:
    """A layer's map as a grid over the object's crop, with the field that one unit sees."""
    lines = []
    if layer.map_width is not None:
        step = ICON / layer.map_width
        for k in range(1, layer.map_width):
            at = f"{k * step:.2f}"
            lines.append(f"M{at} 0V{ICON}M0 {at}H{ICON}")
    seen = ""
    if layer.receptive_field is not None:
        side = min(layer.receptive_field, 1.0) * ICON
        corner = (ICON - side) / 2
        seen = f'<rect x="{corner:.1f}" y="{corner:.1f}" width="{side:.1f}" height="{side:.1f}" fill="{colour}"/>'
    return (
        f'<svg width="{ICON}" height="{ICON}" viewBox="0 0 {ICON} {ICON}" role="img" aria-label="map and field">'
        f'<rect width="{ICON}" height="{ICON}" fill="{colour}" opacity=".18"/><g opacity=".45">{seen}</g>'
        f'<path d="{"".join(lines)}" stroke="currentColor" stroke-width=".5" opacity=".45" fill="none"/></svg>'
    )
