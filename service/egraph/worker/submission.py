"""What is looked at before a job is put into the queue: whether it is there already, and whether it must fail."""

from typing import Any

from egraph.commands.requests import BuildRequest, PlaceRequest
from egraph.errors import NothingYetError
from egraph.graph.connection import Database
from egraph.graph.graph_state import WRITING
from egraph.graph.graphs import choose_graph, graphs
from egraph.graph.parts import labelled_objects
from egraph.graph.read import graph_objects
from egraph.worker.job_kinds import parameters_of
from egraph.worker.jobs import ENDED, Job, jobs, read_job


def same_job(database: Database, kind: str, request: Any) -> Job | None:
    """The job that asks for the same and has not ended: the one that waits, if there is one, else one that runs."""
    rows = database.read("jobs/same", kind=kind, parameters=parameters_of(kind, request))
    found = sorted((read_job(row["job"]) for row in rows), key=lambda job: job.state)
    return found[0] if found else None


def check_possible(database: Database, request: Any) -> None:
    """Refuse a request that cannot but fail, whenever a worker takes it.

    A graph that is being written, or whose mining waits in the queue, counts as there.

    Raises:
        NothingYetError: there is no graph and none is on its way; the part has no boxes on photos of the graph.
        UsageError: several graphs fit.
    """
    if not isinstance(request, BuildRequest | PlaceRequest):
        return
    category, known = request.category, graphs(database)
    coming = any(graph.category == category and graph.state == WRITING for graph in known) or any(
        job.kind == "mine" and job.category == category and job.state not in ENDED for job in jobs(database)
    )
    graph = None if coming else choose_graph(known, category, request.graph)
    if isinstance(request, BuildRequest):
        showing = {o.id for o in labelled_objects(database, category) if o.parts.get(request.part)}
        how = f"`egraph part import coco.json --category {category} --part {request.part}` or `egraph part label`"
        if not showing:
            raise NothingYetError(f"{category} has no boxes of {request.part} yet; draw one to three: {how}.")
        if graph is not None and showing.isdisjoint(o.id for o in graph_objects(database, graph.id)):
            raise NothingYetError(
                f"None of the {len(showing)} objects with a box of {request.part} was mined into {graph.id}; label "
                f"some that were: {how}."
            )
