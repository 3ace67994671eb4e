"""Views become pages: one set of templates for a page that stands alone, a report and a server."""

import base64
import json
from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from PIL import Image

from egraph.report.asked import asked_of
from egraph.report.cutouts import whole_of
from egraph.report.drawing import arrows_of, draw_ties
from egraph.report.report_site import FileSite
from egraph.report.site import Site
from egraph.report.views import FilterView, GraphRow, GraphView, ObjectView, PartView, PatternView, View
from egraph.report.words import displacement_words, filter_words, number, pattern_words, percent


class Heat(NamedTuple):
    """A picture of a filter's output over an object; src: its address."""

    src: str
    width: int
    height: int
    name: str


class Illustration(NamedTuple):
    """A picture of a report that no view draws, with its title and words."""

    title: str
    words: str
    picture: Image.Image


@cache
def environment() -> Environment:
    """Templates in which everything is escaped, and nothing is left out silently."""
    made = Environment(
        loader=PackageLoader("egraph.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(number=number, percent=percent, px=lambda value: f"{value:.1f}", figure=_figure)
    made.globals.update(displacement=displacement_words, whole_of=whole_of)
    return made


def article(site: Site, view: View, key: str = "", **more: Any) -> str:
    """The content of a view's page. key: begins the ids of its headings, where several stand in one file."""
    context = {**_context(site, view, key), **more}
    return str(environment().get_template(f"{_NAMES[type(view)]}.html").render(context))


FRONT: dict[str, Any] = {
    "shown": {},
    "plot": None,
    "remarks": (),
    "illustrations": (),
    "mixed": None,
    "alone": (),
    "index": (),
}
"""What only the front page of a report has."""


def front(site: Site, view: GraphView, **more: Any) -> str:
    """The content of a graph's page, with what a report adds to it."""
    return article(site, view, **{**FRONT, **more})


def whole_file(site: FileSite, title: str, front: str, articles: Sequence[tuple[str, str]], graph: GraphRow) -> str:
    """A report in one file: contents by their names, of which one is seen at a time, and every picture once."""
    pictures = [
        (name, f"data:image/webp;base64,{base64.b64encode(data).decode('ascii')}", *size)
        for name, (data, size) in site.pictures.items()
    ]
    marked = [(name, Markup(text)) for name, text in articles]
    made = environment().get_template("file.html")
    return str(
        made.render(
            site=_marked(site),
            title=title,
            front=Markup(front),
            articles=marked,
            pictures=pictures,
            graph=graph,
            query="",
        )
    )


def page(site: Site, title: str, content: str, graph: GraphRow | None = None, query: str = "") -> str:
    """A whole page around a content that is HTML already."""
    # Contents are made by `article`, which escapes.
    return str(
        environment()
        .get_template("page.html")
        .render(site=_marked(site), title=title, content=Markup(content), graph=graph, query=query)
    )


def title_of(view: View) -> str:
    """What a view's page is called."""
    if isinstance(view, PatternView):
        return view.pattern.own_name or view.pattern.label
    if isinstance(view, FilterView):
        return view.own_name or f"{view.layer}/{view.channel}"
    if isinstance(view, PartView):
        return view.own_name or view.part
    if isinstance(view, ObjectView):
        return view.object.path.name
    return view.graph.category


def render(template: str, **context: Any) -> str:
    """The content of a page that is no view's."""
    return str(environment().get_template(template).render(context))


def message(site: Site, title: str, words: str) -> str:
    """A page with one sentence."""
    return page(site, title, render("message.html", title=title, words=words))


def view_page(site: Site, view: View, **more: Any) -> str:
    """A view as a whole page."""
    return page(site, title_of(view), article(site, view, **more), view.graph)


_NAMES: dict[type, str] = {
    PatternView: "pattern",
    FilterView: "filter",
    PartView: "part",
    ObjectView: "object",
    GraphView: "graph",
}


def _context(site: Site, view: View, key: str) -> dict[str, Any]:
    context: dict[str, Any] = {"site": site, "view": view, "key": key, "asked": asked_of(view)}
    if isinstance(view, PatternView):
        arrows = arrows_of(view, site.arrows_side)
        src = site.whole(arrows.object, max(arrows.view.width, arrows.view.height)) if arrows else None
        context |= {
            "heat": (),
            "said": pattern_words(view),
            "arrows": {**vars(arrows), "src": src} if arrows and src else None,
        }
    if isinstance(view, FilterView):
        context["said"] = filter_words(view)
    if isinstance(view, PartView):
        tied = {id for tie in view.ties for id in (tie.lower, tie.upper)}
        rows = [row for row in view.patterns if row.id in tied]
        context["drawn"] = draw_ties(view.graph, rows, view.ties) if rows else None
    return context


class _Marked:
    """A site whose style and script go into the page as they are; both are files of egraph's own."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self.style = Markup(site.style) if site.inline else site.style
        self.script = Markup(site.script) if site.inline else site.script

    def __getattr__(self, name: str) -> Any:
        return getattr(self._site, name)


def _marked(site: Site) -> _Marked:
    return _Marked(site)


def _figure(value: object) -> str:
    """A value of a table: settings are lists and tables too."""
    if isinstance(value, int | float | str) or value is None:
        return number(value)
    return json.dumps(value, ensure_ascii=False)
