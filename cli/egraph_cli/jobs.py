"""`egraph jobs`: what waits for a worker, what it does, and how it ended."""

import sys
import time
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from egraph_cli.options import Json, settings_of
from egraph_cli.output import Format, formats, printable, write_json, write_rows
from egraph_cli.progress import ProgressDisplay

if TYPE_CHECKING:
    from egraph.commands.requests import BuildRequest, MineRequest, PlaceRequest
    from egraph.settings import Settings
    from egraph.worker.jobs import Job

COLUMNS = [
    *("id", "kind", "category", "state", "priority", "attempts", "stage", "done", "total", "seconds_left"),
    *("error", "submitted_by", "created_at", "worker", "graph"),
]
SHORT = ["id", "kind", "category", "state", "stage", "done", "total", "seconds_left", "error", "created_at"]
INTERNAL = ("token", "beats", "stuck")
WAIT_SECONDS = 1.0

Queue = Annotated[bool, typer.Option("--queue", help="Do not do it here: put it into the queue for a worker.")]
Priority = Annotated[int, typer.Option(help="With --queue: jobs with a higher number are taken first.", metavar="N")]
JobId = Annotated[str, typer.Argument(help="The job's id, or what it begins with.", metavar="ID")]

app = typer.Typer(
    help="List, show, cancel, retry and await the jobs of the queue.",
    invoke_without_command=True,
    rich_markup_mode=None,
)


@app.callback()
def jobs(context: typer.Context) -> None:
    """List, show, cancel, retry and await the jobs of the queue."""
    if context.invoked_subcommand is None:
        listed(context, None, Format.TABLE)


def listed(context: typer.Context, state: str | None, output: Format) -> None:
    """Print all jobs, or those in one state."""
    from egraph.errors import UsageError
    from egraph.graph.connection import open_database
    from egraph.worker.jobs import STATES
    from egraph.worker.jobs import jobs as all_jobs

    if state not in (None, *STATES):
        raise UsageError(f"There is no state {state}; there are: {', '.join(STATES)}.")
    with open_database(settings_of(context)) as database:
        rows = [job.to_json() for job in all_jobs(database, state)]
    write_rows(output, SHORT if output is Format.TABLE else COLUMNS, rows)


@app.command("list")
@formats
def list_(
    context: typer.Context,
    state: Annotated[
        str | None, typer.Option(help="Only jobs in this state: queued, running, done, failed or cancelled.")
    ] = None,
    *,
    output: Format,
) -> None:
    """List the jobs, the newest last."""
    listed(context, state, output)


@app.command()
def show(context: typer.Context, job: JobId, as_json: Json = False) -> None:
    """Show all there is to know of a job."""
    show_job(find(context, job), as_json)


@app.command()
def logs(
    context: typer.Context,
    job: JobId,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until the job has ended.")] = False,
    as_json: Json = False,
) -> None:
    """Print what a job's workers logged, its last 200 lines."""
    from egraph.graph.connection import open_database
    from egraph.worker.jobs import ENDED, find_job

    with open_database(settings_of(context)) as database:
        found = find_job(database, job)
        if as_json:
            write_json(found.log)
            return
        printed: list[str] = []
        while True:
            # Lines that were printed may have been pushed out at the beginning.
            fresh = found.log[found.log.index(printed[-1]) + 1 :] if printed and printed[-1] in found.log else found.log
            for line in fresh:
                print(printable(line), flush=follow)
            printed = found.log
            if not follow or found.state in ENDED:
                return
            time.sleep(WAIT_SECONDS)
            found = find_job(database, found.id)


@app.command()
def cancel(context: typer.Context, job: JobId, as_json: Json = False) -> None:
    """Cancel a job that waits or runs; its worker stops soon, and what it kept stays."""
    from egraph.graph.connection import open_database
    from egraph.worker.jobs import cancel as cancel_job
    from egraph.worker.jobs import find_job

    with open_database(settings_of(context)) as database:
        done = cancel_job(database, find_job(database, job))
    if as_json:
        write_json(done.to_json())
    else:
        print(f"Cancelled {done.id}.")


@app.command()
def retry(context: typer.Context, job: JobId, as_json: Json = False) -> None:
    """Put a job that failed or was cancelled into the queue again; it goes on from what is kept."""
    from egraph.graph.connection import open_database
    from egraph.worker.jobs import find_job
    from egraph.worker.jobs import retry as retry_job

    with open_database(settings_of(context)) as database:
        done = retry_job(database, find_job(database, job))
    if as_json:
        write_json(done.to_json())
    else:
        print(f"Queued {done.id} again.")


@app.command()
def wait(
    context: typer.Context,
    job: JobId,
    timeout: Annotated[float | None, typer.Option(help="Stop waiting after so many seconds.", min=0)] = None,
    as_json: Json = False,
) -> None:
    """Wait until a job has ended.

    Exit code 0 if it is done, 1 if it failed, was cancelled, or has not ended in time.
    """
    from egraph.graph.connection import open_database
    from egraph.worker.jobs import DONE, ENDED, find_job

    deadline = None if timeout is None else time.monotonic() + timeout
    with open_database(settings_of(context)) as database, ProgressDisplay(as_json) as progress:
        found = find_job(database, job)
        while found.state not in ENDED and (deadline is None or time.monotonic() < deadline):
            if found.stage and found.total:
                progress(found.stage, found.done or 0, found.total)
            time.sleep(WAIT_SECONDS if deadline is None else min(WAIT_SECONDS, max(0.0, deadline - time.monotonic())))
            found = find_job(database, found.id)
    if as_json:
        write_json(found.to_json())
    else:
        print(printable(f"{found.id} {found.state}" + (f": {found.error}" if found.error else "")))
    if found.state != DONE:
        raise typer.Exit(1)


def find(context: typer.Context, job: str) -> "Job":
    """The job that is named."""
    from egraph.graph.connection import open_database
    from egraph.worker.jobs import find_job

    with open_database(settings_of(context)) as database:
        return find_job(database, job)


def show_job(job: "Job", as_json: bool) -> None:
    """Print a job's properties; what only workers need stands in its JSON."""
    values = job.to_json()
    if as_json:
        write_json(values)
        return
    parameters: dict[str, Any] = values.pop("parameters")
    deaths: list[str] = values.pop("deaths")
    for name in INTERNAL:
        del values[name]
    values = {**values, **{f"  {name}": value for name, value in parameters.items()}}
    for name, value in values.items():
        if value is not None:
            print(printable(f"{name}: {value}"))
    if deaths:
        print(f"deaths: {len(deaths)} (workers that ended, or were silent for their lease, and how far the job was)")
        for death in deaths:
            print(printable(f"  {death}"))


def enqueue(
    settings: "Settings",
    kind: str,
    request: "MineRequest | PlaceRequest | BuildRequest",
    priority: int,
    as_json: bool,
) -> None:
    """Put a request into the queue and print the job's id. Files are named as every worker sees them: from the root."""
    from egraph.graph.connection import open_database
    from egraph.graph.constraints import ensure_schema
    from egraph.graph.objects import check_names
    from egraph.worker.job_kinds import submit_request
    from egraph.worker.jobs import QUEUED
    from egraph.worker.submission import check_possible, same_job

    values = {field.name: getattr(request, field.name) for field in fields(request)}
    check_names(*(values[name] for name in ("category", "part", "name") if name in values))
    named: dict[str, Any] = {name: value.absolute() for name, value in values.items() if isinstance(value, Path)}
    if (weights := values["weights"]) and Path(weights).exists():
        named["weights"] = str(Path(weights).absolute())
    request = replace(request, **named)
    with open_database(settings) as database:
        ensure_schema(database)
        check_possible(database, request)
        same = same_job(database, kind, request)
        waits = same is not None and same.state == QUEUED
        job = same.id if same is not None and waits else submit_request(database, kind, request, priority)
    said = "The same job waits already, so none was added" if waits else "Queued"
    if same is not None and not waits:
        said = f"Queued once more: {same.id} runs already and asks for the same"
    if as_json:
        write_json({"job": job, "already": waits})
    else:
        print(job)
    if same is not None or not as_json:
        print(f"{said}; `egraph jobs wait {job[:8]}` waits for it, `egraph worker` does it.", file=sys.stderr)
