"""A report: the pages of one graph that can be passed on, in a folder or in one file."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from egraph.graph.connection import Database
from egraph.graph.questions import ask
from egraph.progress import Progress, report
from egraph.report.graph_reading import read_graph_view
from egraph.report.mixed import Mixed, read_mixed
from egraph.report.pages import Illustration, article, front, page, title_of, whole_file
from egraph.report.plots import figures_plot
from egraph.report.reading import read_filters, read_object, read_part, read_patterns, read_rows
from egraph.report.report_site import HOME, FileSite, FolderSite, ReportSite, file_name
from egraph.report.site import Site
from egraph.report.views import FilterView, GraphRow, GraphView, ObjectView, PartView, PatternRow, PatternView, View

STRONGEST, STRONGEST_IN_FILE = 100, 30
"""Patterns of each layer that have a page."""
TILES = 24
MIXED, ALONE = 8, 12
OBJECTS, FIRED = 16, 8
PATTERN_SEEN, RAW_SEEN, OTHER_SEEN = 6, 3, 1
"""Photos of a pattern on its page, of its raw filter, and of patterns beside it."""
PARTNERS = 6
AT_ONCE = 40
"""Patterns or filters that are read at once."""


@dataclass(frozen=True)
class Book:
    """What a report holds. illustrations: pictures of what was found elsewhere."""

    view: GraphView
    patterns: list[str]
    filters: list[tuple[str, int]]
    parts: list[PartView]
    objects: list[str]
    mixed: Mixed | None
    alone: list[PatternRow]
    remarks: Sequence[str] = ()
    illustrations: Sequence[Illustration] = field(default_factory=tuple)


class Entry(NamedTuple):
    """A page in the list of all pages; find: what a search looks at."""

    label: str
    href: str
    find: str


def gather_book(
    database: Database,
    graph: GraphRow,
    strongest: int,
    remarks: Sequence[str] = (),
    illustrations: Sequence[Illustration] = (),
) -> Book:
    """Choose what a report holds: the strongest patterns of each layer, all of the named parts, the filters of both,
    the objects on which parts are known or found.

    Raises:
        DatabaseError: the database failed.
    """
    view = read_graph_view(database, graph, strongest)
    parts = [read_part(database, graph, row.part) for row in view.parts]
    mixed = read_mixed(database, graph, MIXED, PATTERN_SEEN) if len(parts) > 1 else None
    asked = {"category": graph.category, "graph": graph.id, "limit": ALONE}
    alone = [row["pattern"] for row in ask(database, "lone-patterns", asked, ALONE).rows]
    rows = [row for layer in view.strongest.values() for row in layer]
    rows += [row for part in parts for row in part.patterns]
    rows += [row for one in (mixed.filters if mixed else ()) for row in one.patterns]
    places = [place for part in parts for place in part.labelled]
    places += [place for part in parts for found in part.found for place in (*found.surest, *found.unsure)]
    return Book(
        view=view,
        patterns=list(dict.fromkeys([*(row.id for row in rows), *alone])),
        filters=list(dict.fromkeys((row.layer, row.filter) for row in rows if not row.anchor)),
        parts=parts,
        objects=list(dict.fromkeys(place.object.id for place in places))[:OBJECTS],
        mixed=mixed,
        alone=list(read_rows(database, graph, alone).values()),
        remarks=remarks,
        illustrations=illustrations,
    )


def pages_of(database: Database, book: Book, progress: Progress | None) -> Iterator[tuple[str, View]]:
    """Everything that has a page of its own, with the page's name."""
    graph = book.view.graph
    held = set(book.patterns)
    total = len(book.patterns) + len(book.filters) + len(book.parts) + len(book.objects)
    done = 0

    def told(kind: str, name: str, view: View) -> tuple[str, View]:
        nonlocal done
        done += 1
        report(progress, "writing pages", done, total)
        return file_name(kind, name), view

    for part in book.parts:
        yield told("part", part.part, part)
    for start in range(0, len(book.patterns), AT_ONCE):
        for pattern in read_patterns(database, graph, book.patterns[start : start + AT_ONCE], OTHER_SEEN):
            yield told("pattern", pattern.pattern.label, _shorter(pattern))
    for start in range(0, len(book.filters), AT_ONCE):
        for filter_ in read_filters(database, graph, book.filters[start : start + AT_ONCE], PATTERN_SEEN):
            yield told("filter", f"{filter_.layer}/{filter_.channel}", _shorter_filter(filter_, held))
    for id in book.objects:
        yield told("object", id, read_object(database, graph, id, FIRED))


def hold(site: ReportSite, book: Book) -> None:
    """Tell a site which pages there will be."""
    graph = book.view.graph
    site.holds = {file_name("part", part.part) for part in book.parts}
    site.holds |= {file_name("pattern", graph.label(id)) for id in book.patterns}
    site.holds |= {file_name("filter", f"{layer}/{channel}") for layer, channel in book.filters}
    site.holds |= {file_name("object", id) for id in book.objects}


def write_folder(database: Database, book: Book, site: FolderSite, progress: Progress | None = None) -> int:
    """Write a report as a folder; how many pages it has.

    Raises:
        ReportError: a file cannot be written.
    """
    hold(site, book)
    site.write_assets()
    index = []
    for name, view in pages_of(database, book, progress):
        index.append(entry(site.address(name), view))
        text = page(site, title_of(view), article(site, view), view.graph)
        site.write(f"{name}.html", text.encode("utf-8", "replace"))
    text = page(site, title_of(book.view), _front(site, book, index), book.view.graph)
    site.write(HOME, text.encode("utf-8", "replace"))
    return len(index) + 1


def one_file(database: Database, book: Book, site: FileSite, progress: Progress | None = None) -> tuple[str, int]:
    """A report as one file: its text, and how many pages it has."""
    hold(site, book)
    index, articles = [], []
    for name, view in pages_of(database, book, progress):
        index.append(entry(site.address(name), view))
        articles.append((name, article(site, view, f"{name}-")))
    text = whole_file(site, title_of(book.view), _front(site, book, index), articles, book.view.graph)
    return text, len(index) + 1


def entry(href: str, view: View) -> Entry:
    """A view in the list of all pages."""
    kind = type(view).__name__.removesuffix("View").lower()
    title, names = title_of(view), [kind]
    if isinstance(view, PatternView):
        names += [view.pattern.label, view.pattern.note or "", *(on.part for on in view.parts)]
    elif isinstance(view, FilterView):
        title = f"filter {title}"
        names += [f"{view.layer}/{view.channel}", view.note or ""]
    elif isinstance(view, PartView):
        names += [view.part, view.note or ""]
    elif isinstance(view, ObjectView):
        names.append(view.object.id)
    return Entry(title, href, " ".join([title, *names]).lower())


def _front(site: Site, book: Book, index: Sequence[Entry]) -> str:
    figures = book.view.figures
    plot = figures_plot(figures) if figures else None
    shown = {layer: rows[:TILES] for layer, rows in book.view.strongest.items()}
    return front(
        site,
        replace(book.view, strongest=shown),
        shown={part.part: part.patterns for part in book.parts},
        plot=site.kept(plot) if plot else None,
        remarks=book.remarks,
        illustrations=[(site.kept(one.picture), one) for one in book.illustrations],
        mixed=book.mixed,
        alone=book.alone,
        index=index,
    )


def _shorter(view: PatternView) -> PatternView:
    """A pattern with as many photos as a report has room for."""
    pattern = replace(view.pattern, seen=view.pattern.seen[:PATTERN_SEEN])
    return replace(
        view,
        pattern=pattern,
        raw=view.raw[:RAW_SEEN],
        above=view.above[:PARTNERS],
        below=view.below[:PARTNERS],
    )


def _shorter_filter(view: FilterView, held: set[str]) -> FilterView:
    """A filter; patterns that have no page of their own have one photo."""
    rows = [row if row.id in held else replace(row, seen=row.seen[:OTHER_SEEN]) for row in view.patterns]
    return replace(view, patterns=rows, raw=view.raw[:RAW_SEEN])
