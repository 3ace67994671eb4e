"""The page's words, tables and style. Whatever comes from outside is escaped here, in `text`."""

import html
from collections.abc import Iterable, Mapping, Sequence
from string import Template

from egraph.report.words import number

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
.patches { display: grid; grid-template-columns: repeat(auto-fill, minmax(6.2rem, 1fr)); gap: .5rem;
  margin-top: .4rem; }
.patches img, .patches .gone { width: 100%; max-width: 132px; aspect-ratio: 1; border-radius: .4rem; display: block; }
.gone { display: grid; place-items: center; background: var(--card); color: var(--soft); font-size: .75rem;
  text-align: center; padding: .3rem; }
.portrait { max-width: 100%; width: 34rem; height: auto; border-radius: .6rem; display: block; }
details { margin: .6rem 0; }
summary { cursor: pointer; color: var(--accent); }
"""


def text(value: object) -> str:
    """Any value as escaped text, safe between tags and in quoted attributes."""
    return html.escape(str(value), quote=True)


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
