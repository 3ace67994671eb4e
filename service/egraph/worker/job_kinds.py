"""The kinds of jobs: what each is asked, and how it is done. A new kind is one more entry of `KINDS`."""

import dataclasses
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from egraph.commands.requests import BuildRequest, FollowRequest, MineRequest, PlaceRequest
from egraph.errors import UsageError
from egraph.graph.connection import Database, Fence
from egraph.settings import Settings
from egraph.worker.jobs import Job, Product, submit


@dataclass(frozen=True)
class Work:
    """What a job is done with.

    progress: told stage, done and total; at_layer: told of layers that begin and that are kept. Both may raise to end
    the work where it is. fence: goes into every database that is written to.
    """

    settings: Settings
    progress: Callable[[str, int, int], None]
    at_layer: Callable[[str, bool], None]
    fence: Fence


@dataclass(frozen=True)
class Kind:
    """A kind of job. request: a dataclass with `category` and `device`; run: does it, and gives the id of what it made;
    produced: the statement that notes it.

    `run` imports what it needs when it is called: a worker that has had no job yet is small.
    """

    request: type
    run: Callable[[Any, Work], str | None]
    produced: str = "jobs/produced_graph"


def run_mine(request: MineRequest, work: Work) -> str:
    """Mine a category."""
    from egraph.commands.mine import mine_category

    return mine_category(work.settings, request, work.progress, work.at_layer, work.fence).graph


def run_firings(request: PlaceRequest, work: Work) -> str:
    """Write where the patterns of a graph fire on more photos."""
    from egraph.commands.place import place_photos

    return place_photos(work.settings, request, work.progress, work.fence).graph


def run_aog(request: BuildRequest, work: Work) -> str:
    """Learn a part and write its And-Or graph."""
    from egraph.commands.build import build_aog

    return build_aog(work.settings, request, work.progress, work.fence).aog


def run_labels(request: FollowRequest, work: Work) -> str | None:
    """Learn from boxes that were kept."""
    from egraph.commands.parts import follow_labels

    return next(iter(follow_labels(work.settings, request, work.progress, work.fence).graphs), None)


KINDS = {
    "mine": Kind(MineRequest, run_mine),
    "firings": Kind(PlaceRequest, run_firings),
    "aog": Kind(BuildRequest, run_aog, "jobs/produced_aog"),
    "labels": Kind(FollowRequest, run_labels),
}


def submit_request(database: Database, kind: str, request: Any, priority: int = 0) -> str:
    """Put a request into the queue; returns the job's id."""
    return submit(database, kind, parameters_of(kind, request), request.category, priority)


def parameters_of(kind: str, request: Any) -> str:
    """A request as its job keeps it: JSON text, the same for the same request."""
    return json.dumps(TypeAdapter(KINDS[kind].request).dump_python(request, mode="json"), sort_keys=True)


def run_job(job: Job, work: Work) -> Product | None:
    """Do a job; returns what it made.

    Raises:
        UsageError: this egraph does not know such jobs, or their parameters.
        EgraphError: what the work raises.
    """
    kind = KINDS.get(job.kind)
    if kind is None:
        raise UsageError(f"This egraph knows no jobs of the kind {job.kind}; it knows: {', '.join(KINDS)}.")
    try:
        request: Any = TypeAdapter(kind.request).validate_python(job.parameters)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"The job's parameter {name} is not valid: {first['msg']}.") from error
    if work.settings.device is not None:
        request = dataclasses.replace(request, device=work.settings.device)
    made = kind.run(request, work)
    return None if made is None else Product(kind.produced, made)
