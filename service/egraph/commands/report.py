"""A report of one graph: from the database and the photos, without running the network."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from egraph.commands.requests import ReportRequest
from egraph.graph.connection import Database, open_database
from egraph.graph.graphs import GraphSummary
from egraph.graph.questions import check_graphs
from egraph.progress import Progress
from egraph.report.book import STRONGEST, STRONGEST_IN_FILE, gather_book, one_file, write_folder
from egraph.report.files import write_whole
from egraph.report.graph_reading import graph_row
from egraph.report.pages import Illustration
from egraph.report.report_site import HOME, FileSite, FolderSite, ReportSite
from egraph.report.subject import choose_one
from egraph.results import Result
from egraph.settings import Settings


@dataclass(frozen=True)
class Written(Result):
    """A report: the page to open first, how many pages it has, how large it is, and photos that are gone."""

    graph: str
    first: str
    pages: int
    bytes: int
    seconds: float
    gone: list[str]


def write_report(settings: Settings, request: ReportRequest, progress: Progress | None = None) -> Written:
    """Write a report of a category's graph.

    Raises:
        NothingYetError: there is no complete graph.
        UsageError: there are several.
        ReportError: it cannot be written.
    """
    with open_database(settings) as database:
        graph = choose_one(database, request.category, request.graph)
        check_graphs(database, {})
        return write_pages(database, graph, request, progress)


def write_pages(
    database: Database,
    graph: GraphSummary,
    request: ReportRequest,
    progress: Progress | None = None,
    remarks: Sequence[str] = (),
    illustrations: Sequence[Illustration] = (),
) -> Written:
    """Write a report of a graph, with remarks on its figures and pictures of what was found elsewhere.

    Raises:
        ReportError: it cannot be written.
        DatabaseError: the database failed.
    """
    start = time.perf_counter()
    strongest = STRONGEST_IN_FILE if request.single_file else STRONGEST
    book = gather_book(database, graph_row(database, graph), strongest, remarks, illustrations)
    site: ReportSite
    if request.single_file:
        site = FileSite()
        text, pages = one_file(database, book, site, progress)
        content = text.encode("utf-8", "replace")
        write_whole(request.destination, content)
        size, first = len(content), request.destination
    else:
        site = FolderSite(request.destination)
        pages = write_folder(database, book, site, progress)
        size, first = site.bytes, request.destination / HOME
    gone = [str(path) for path in sorted(site.gone)]
    return Written(graph.id, str(first), pages, size, time.perf_counter() - start, gone)
