"""The pages that the server gives, each made from the database when it is asked for."""

import threading
from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from http import HTTPStatus

from starlette.applications import Starlette
from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from egraph.browse.addresses import ServedSite
from egraph.browse.gate import Gate, Guarded
from egraph.errors import DatabaseError, EgraphError, NothingYetError
from egraph.graph.connection import Database
from egraph.graph.graphs import GraphSummary, graphs
from egraph.graph.mixtures import NAMED
from egraph.graph.objects import photo_object
from egraph.photos.crop import PhotoError
from egraph.photos.photo import PhotoObject
from egraph.report.asked import asked_of_mixed, with_values
from egraph.report.cutouts import Cut, cut_picture, webp, whole_picture
from egraph.report.drawing import draw_ties
from egraph.report.graph_reading import graph_row, graph_rows, read_graph_view, read_strongest
from egraph.report.mixed import read_mixed
from egraph.report.pages import front, message, page, render, title_of, view_page
from egraph.report.reading import (
    ROW_SEEN,
    read_filter,
    read_first_of_part,
    read_object,
    read_part,
    read_partners,
    read_pattern,
    read_rows,
    read_ties,
)
from egraph.report.site import NO_LAYER, asset
from egraph.report.subject import Subject, find_named, find_subjects
from egraph.report.views import GraphRow, View

TILES = 24
SMALLEST, LARGEST = 16, 1024
"""Of a picture's longer side."""
DRAWN = 60
"""Patterns of a drawing."""
FOUND = 60
KEPT_OBJECTS = 20_000
FRESH = {"Cache-Control": "no-cache"}
KEPT = {"Cache-Control": "private, max-age=3600"}
TYPES = {
    "style.css": "text/css",
    "page.js": "text/javascript",
    "label.css": "text/css",
    "label.js": "text/javascript",
}
AWAY = {"Cache-Control": "no-store"}
GONE_PICTURE = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 176 176" width="176" height="176"><rect width="176" '
    'height="176" fill="#e3e6eb"/><text x="88" y="92" text-anchor="middle" font-family="sans-serif" font-size="15" '
    'fill="#59626f">photo is gone</text></svg>'
)


class Pages:
    """Answers requests from one database, from several threads at once."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._objects: dict[str, PhotoObject] = {}
        self._lock = threading.Lock()

    def routes(self) -> list[Route]:
        """What can be asked for."""
        return [
            Route("/", self.answering(self.overview)),
            Route("/graph/{name:path}", self.answering(self.graph)),
            Route("/mixed/{name:path}", self.answering(self.mixed)),
            Route("/pattern/{name:path}", self.answering(self.pattern)),
            Route("/filter/{name:path}", self.answering(self.filter)),
            Route("/part/{name:path}", self.answering(self.part)),
            Route("/object/{name:path}", self.answering(self.object)),
            Route("/draw", self.answering(self.draw)),
            Route("/drawing.json", self.answering(self.drawing)),
            Route("/search", self.answering(self.search)),
            Route("/cut/{id:path}", self.answering(self.cut)),
            Route("/whole/{id:path}", self.answering(self.whole)),
            Route("/static/{name}", static),
        ]

    def warm(self) -> None:
        """Ask what the pages of the first graph ask, so that the database has its plans at hand when a person
        does.

        Raises:
            DatabaseError: the database failed.
        """
        known = [one for one in graphs(self.database) if one.state == "complete"]
        for graph in known[:1]:
            row = graph_row(self.database, graph)
            view = read_graph_view(self.database, row, TILES)
            self._found("0", known)
            for part in view.parts:
                read_first_of_part(self.database, row, part.part)
                read_part(self.database, row, part.part)
            for pattern in [rows[0] for rows in view.strongest.values() if rows][:1]:
                read_pattern(self.database, row, pattern.id)
                read_filter(self.database, row, pattern.layer, pattern.filter)
                for seen in pattern.seen:
                    read_object(self.database, row, seen.object.id)

    def answering(self, answer: Callable[[Request], Response]) -> Callable[[Request], Response]:
        """An answer whose failures are pages that say what is wrong."""

        @wraps(answer)
        def answered(request: Request) -> Response:
            try:
                return answer(request)
            except PhotoError:
                return Response(GONE_PICTURE, 404, AWAY, "image/svg+xml")
            except NothingYetError as error:
                return refused(HTTPStatus.NOT_FOUND, str(error))
            except DatabaseError as error:
                return refused(HTTPStatus.SERVICE_UNAVAILABLE, f"{error} This page can be loaded again then.")
            except EgraphError as error:
                return refused(HTTPStatus.BAD_REQUEST, str(error))

        return answered

    def overview(self, request: Request) -> Response:
        """All graphs."""
        known = [one for one in graphs(self.database) if one.state == "complete"]
        rows = []
        for row in graph_rows(self.database, known).values():
            first = next(iter(read_strongest(self.database, row.id, ROW_SEEN).values()), [])
            rows.append((row, list(read_rows(self.database, row, first).values())))
        site = ServedSite()
        return html(page(site, "Graphs", render("overview.html", site=site, graphs=rows)))

    def graph(self, request: Request) -> Response:
        """A graph: its parts, and the strongest patterns of each layer."""
        row = graph_row(self.database, self._whole_graph(request))
        view = read_graph_view(self.database, row, TILES)
        shown = {part.part: read_first_of_part(self.database, row, part.part) for part in view.parts}
        site = ServedSite()
        return html(page(site, title_of(view), front(site, view, shown=shown), row))

    def mixed(self, request: Request) -> Response:
        """A graph's filters of which different patterns lie on different parts."""
        row = graph_row(self.database, self._whole_graph(request))
        mixed, asked = read_mixed(self.database, row, NAMED, ROW_SEEN), asked_of_mixed(row)
        site = ServedSite()
        return html(
            page(site, "Filters that mix", render("mixed.html", site=site, graph=row, mixed=mixed, asked=asked), row)
        )

    def pattern(self, request: Request) -> Response:
        """A pattern."""
        graph, _ = self._graph(request.path_params["name"])
        row = graph_row(self.database, graph)
        return self._view(read_pattern(self.database, row, request.path_params["name"]))

    def filter(self, request: Request) -> Response:
        """A filter of a graph."""
        graph, rest = self._graph(request.path_params["name"])
        layer, _, channel = rest.rpartition("/")
        if not channel.isdecimal():
            raise NothingYetError(f"There is no filter {rest} of {graph.id}.")
        return self._view(read_filter(self.database, graph_row(self.database, graph), layer, int(channel)))

    def part(self, request: Request) -> Response:
        """A part of a graph's category."""
        graph, rest = self._graph(request.path_params["name"])
        return self._view(read_part(self.database, graph_row(self.database, graph), rest))

    def object(self, request: Request) -> Response:
        """An object, seen by a graph."""
        graph, rest = self._graph(request.path_params["name"])
        return self._view(read_object(self.database, graph_row(self.database, graph), rest))

    def draw(self, request: Request) -> Response:
        """Some patterns and what fires together among them. `open` adds a pattern's partners; the address that is shown
        then names all patterns, so that it can be kept."""
        row, chosen = self._drawn(request)
        site = ServedSite()
        opened = request.query_params.get("open")
        if opened:
            whole = f"{row.id}/{opened}"
            added = [whole, *read_partners(self.database, row, whole)]
            return RedirectResponse(str(site.draw(row, list(dict.fromkeys([*chosen, *added]))[:DRAWN])), 303, FRESH)
        rows = list(read_rows(self.database, row, chosen).values())
        ties = read_ties(self.database, [one.id for one in rows])
        content = render(
            "draw.html",
            site=site,
            graph=row,
            drawn=replace(draw_ties(row, rows, ties), opens=True),
            saved=f"/drawing.json?{request.url.query}",
            cypher=with_values("pages/drawn", {"patterns": [one.id for one in rows]}),
        )
        return html(page(site, "Drawing", content, row))

    def drawing(self, request: Request) -> Response:
        """A drawing as a file that can be opened again."""
        row, chosen = self._drawn(request)
        kept = {"egraph": "drawing", "graph": row.id, "patterns": [row.label(id) for id in chosen]}
        named = {"Content-Disposition": 'attachment; filename="drawing.json"'}
        return JSONResponse(kept, headers=named | FRESH)

    def search(self, request: Request) -> Response:
        """Whatever a text may mean, of one graph or of all; the page itself where it is only one."""
        text = request.query_params.get("q", "")[:500].strip()
        known = [one for one in graphs(self.database) if one.state == "complete"]
        of = [one for one in known if one.id == request.query_params.get("graph")]
        found = self._found(text, of or known) or (self._found(text, known) if of else [])
        site = ServedSite()
        rows = graph_rows(self.database, list({one.graph.id: one.graph for one in found}.values()))
        hrefs = [(one, address(site, rows[one.graph.id], one)) for one in found]
        if len(hrefs) == 1:
            return RedirectResponse(hrefs[0][1], 303, FRESH)
        content = render("search.html", site=site, text=text, found=hrefs, rows=rows)
        return html(page(site, "Search", content, None, text))

    def cut(self, request: Request) -> Response:
        """The piece of a photo around a unit."""
        asked = request.query_params
        obj = self._object(request.path_params["id"])
        expected = (fraction(asked, "ex"), fraction(asked, "ey")) if "ex" in asked else None
        layer = int(asked["layer"]) if asked.get("layer", "").isdecimal() else NO_LAYER
        cut = Cut(obj, fraction(asked, "x"), fraction(asked, "y"), layer, expected)
        return Response(webp(cut_picture(cut)), 200, KEPT, "image/webp")

    def whole(self, request: Request) -> Response:
        """An object on its photo."""
        asked = request.query_params.get("pixels", "")
        pixels = int(asked) if asked.isdecimal() and len(asked) < 6 else LARGEST
        picture = whole_picture(self._object(request.path_params["id"]), min(max(pixels, SMALLEST), LARGEST))
        return Response(webp(picture), 200, KEPT, "image/webp")

    def _view(self, view: View) -> Response:
        return html(view_page(ServedSite(), view))

    def _graph(self, name: str) -> tuple[GraphSummary, str]:
        """The graph whose id a name begins with, and the rest of the name."""
        for graph in graphs(self.database):
            if f"{name}/".startswith(f"{graph.id}/") and graph.state == "complete":
                return graph, name[len(graph.id) + 1 :]
        raise NothingYetError(f"There is no complete graph of {name}; the first page lists those that there are.")

    def _whole_graph(self, request: Request) -> GraphSummary:
        """The graph whose id the name is."""
        graph, rest = self._graph(request.path_params["name"])
        if rest:
            raise NothingYetError(f"There is no graph {request.path_params['name']}.")
        return graph

    def _drawn(self, request: Request) -> tuple[GraphRow, list[str]]:
        graph, _ = self._graph(request.query_params.get("graph", ""))
        chosen = [f"{graph.id}/{label}" for label in request.query_params.getlist("p")]
        return graph_row(self.database, graph), list(dict.fromkeys(chosen))[:DRAWN]

    def _found(self, text: str, known: list[GraphSummary]) -> list[Subject]:
        found = find_subjects(self.database, text, known) + find_named(self.database, text, known)
        return list(dict.fromkeys(found))[:FOUND]

    def _object(self, id: str) -> PhotoObject:
        """An object of the database, and no other file. Where its photo is no longer there, the database is asked anew:
        a command may have told where it is now."""
        with self._lock:
            known = self._objects.get(id)
        if known is not None and known.path.is_file():
            return known
        rows = self.database.read("pages/object", objects=[id], graph="")
        if not rows:
            raise NothingYetError(f"There is no object {id}.")
        obj = photo_object(rows[0], {})
        with self._lock:
            if len(self._objects) >= KEPT_OBJECTS:
                self._objects.clear()
            self._objects[id] = obj
        return obj


def application(database: Database, gate: Gate) -> Guarded:
    """The pages behind their gate."""
    return Guarded(Starlette(routes=Pages(database).routes(), exception_handlers={HTTPException: lost}), gate)


def address(site: ServedSite, graph: GraphRow, subject: Subject) -> str:
    """The page of a subject."""
    if subject.kind == "pattern":
        return str(site.pattern(graph, subject.name))
    if subject.kind == "filter":
        layer, _, channel = subject.name.rpartition("/")
        return str(site.filter(graph, layer, int(channel)))
    return str(site.part(graph, subject.name) if subject.kind == "part" else site.object(graph, subject.name))


def fraction(asked: QueryParams, name: str) -> float:
    """A place in a picture's address, kept near the object."""
    try:
        value = float(asked.get(name, ""))
    except ValueError:
        value = 0.5
    return min(max(value, -1.0), 2.0) if value == value else 0.5


def html(text: str) -> Response:
    """A page that is asked for anew each time: names and graphs change."""
    return HTMLResponse(text.encode("utf-8", "replace"), 200, FRESH)


def refused(status: HTTPStatus, words: str) -> Response:
    """A page with one sentence."""
    return HTMLResponse(message(ServedSite(), status.phrase, words).encode("utf-8", "replace"), status, AWAY)


def lost(request: Request, error: Exception) -> Response:
    """For an address that is none of the server's."""
    assert isinstance(error, HTTPException)
    status = HTTPStatus(error.status_code)
    return refused(status, "There is no such page; the first page lists all graphs.")


def static(request: Request) -> Response:
    """The style sheet and the script."""
    name = request.path_params["name"]
    if name not in TYPES:
        raise HTTPException(404)
    return Response(asset(name), 200, KEPT, TYPES[name])
