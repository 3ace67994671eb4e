"""The patterns that voted, each with the photos on which it fires best: what the votes of a parse lead to.

A vote names its pattern; here it is seen what the pattern reacts to. The page stands alone, so that the pictures are
small; the pattern's whole page is at the server of `egraph browse`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from egraph.photos.crop import PhotoError
from egraph.report.cutouts import cut_picture
from egraph.report.page import text
from egraph.report.site import SERVER_PORT, Site, cut_of
from egraph.report.views import GraphRow, PatternRow

SEEN = 4
"""Photos of each pattern."""
CUT_SIDE = 96

VOTERS_STYLE = """
.voters { display: grid; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); gap: 1.2rem; }
.voter { scroll-margin-top: 1rem; border-radius: .5rem; padding: .4rem; }
.voter:target { background: var(--card); outline: 2px solid var(--accent); }
.voter p { margin: 0; }
.cuts { display: grid; grid-template-columns: repeat(4, 1fr); gap: .25rem; }
.cuts img, .cuts .gone { width: 100%; aspect-ratio: 1; border-radius: .3rem; display: block; }
a { color: inherit; text-decoration-color: var(--accent); }
"""


@dataclass(frozen=True)
class Voters:
    """Patterns of a graph with the photos on which they fire best."""

    graph: GraphRow
    patterns: Sequence[PatternRow]


def voter_anchor(id: str) -> str:
    """Where a pattern's pictures are on the page."""
    return "pattern-" + quote(id, safe="").replace("%", "-")


def server_address(id: str) -> str:
    """Where a pattern's page is while `egraph browse` runs at its usual port."""
    return f"http://127.0.0.1:{SERVER_PORT}/pattern/{quote(id, safe='/@:,')}"


def voters_section(voters: Voters, gone: set[Path]) -> Iterator[str]:
    """The pictures of the patterns, the layers from the top down; photos that cannot be read are added to `gone`."""
    yield '<section><h2 id="patterns">What these patterns react to</h2>'
    yield (
        '<p class="soft">The photos on which each pattern fires best. Ring: the unit that fires; cross: where the '
        "pattern is expected on that object. A name leads to the pattern's whole page while <code>egraph browse</code> "
        'runs and your browser has opened the address that it printed.</p><div class="voters">'
    )
    layers = voters.graph.layers
    for row in sorted(voters.patterns, key=lambda row: (-layers.index(row.layer), row.filter, row.number)):
        name = f" <b>{text(row.own_name)}</b>" if row.own_name else ""
        yield f'<div class="voter" id="{voter_anchor(row.id)}"><p><a href="{text(server_address(row.id))}">'
        yield f'<code>{text(row.label)}</code></a>{name} <span class="soft">fires on {row.support:,}</span></p>'
        yield f'<div class="cuts">{"".join(_cuts(voters.graph, row, gone))}</div></div>'
    yield "</div></section>"


def _cuts(graph: GraphRow, row: PatternRow, gone: set[Path]) -> Iterator[str]:
    for seen in row.seen[:SEEN]:
        try:
            picture = cut_picture(cut_of(graph, seen, row.layer), CUT_SIDE)
        except PhotoError as error:
            gone.add(error.path)
            yield '<div class="gone">no photo</div>'
        else:
            yield f'<img src="{Site().kept(picture)}" alt="{text(seen.object.path.name)}" loading="lazy">'
