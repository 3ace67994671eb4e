"""`egraph jobs`: what waits for a worker, what it does, and how it ended."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from egraph_cli.options import Json, settings_of
from egraph_cli.output import Format, formats, printable, write_json, write_rows
from egraph_cli.progress import ProgressDisplay

if TYPE_CHECKING:
    from egraph.commands.requests import BuildRequest, MineRequest, PlaceRequest
    from egraph.photos.photo import Skipped
    from egraph.settings import Settings
    from egraph.worker.jobs import Job

COLUMNS = [
    *("id", "kind", "category", "state", "priority", "attempts", "stage", "done", "total", "seconds_left"),
    *("error", "submitted_by", "created_at", "worker", "graph"),
]
SHORT = ["id", "kind", "category", "state", "stage", "done", "total", "seconds_left", "error", "created_at"]
INTERNAL = ("token", "beats", "stuck")

Queue = Annotated[bool, typer.Option("--queue", help="Do not do the work now, but put it into the queue for a worker.")]
Priority = Annotated[int, typer.Option(help="With --queue: jobs with a higher number are taken first.", metavar="N")]
JobId = Annotated[str, typer.Argument(help="The job's id, or its first characters.", metavar="ID")]

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
    from egraph.worker.queue import list_jobs

    rows = [job.to_json() for job in list_jobs(settings_of(context), state)]
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
    """Show everything that is known about a job."""
    from egraph.worker.queue import find_job

    show_job(find_job(settings_of(context), job), as_json)


@app.command()
def logs(
    context: typer.Context,
    job: JobId,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until the job has ended.")] = False,
    as_json: Json = False,
) -> None:
    """Print what a job's workers logged, its last 200 lines."""
    from egraph.worker import queue

    settings = settings_of(context)
    if as_json:
        write_json(queue.find_job(settings, job).log)
        return
    for line in queue.follow(settings, job) if follow else queue.find_job(settings, job).log:
        print(printable(line), flush=follow)


@app.command()
def cancel(context: typer.Context, job: JobId, as_json: Json = False) -> None:
    """Cancel a job that waits or runs; its worker stops soon, and what it kept stays."""
    from egraph.worker import queue

    done = queue.cancel(settings_of(context), job)
    if as_json:
        write_json(done.to_json())
    else:
        print(f"Cancelled {done.id}.")


@app.command()
def retry(context: typer.Context, job: JobId, as_json: Json = False) -> None:
    """Put a job that failed or was cancelled into the queue again; it goes on from what is kept."""
    from egraph.worker import queue

    done = queue.retry(settings_of(context), job)
    if as_json:
        write_json(done.to_json())
    else:
        print(f"Queued {done.id} again.")


@app.command()
def wait(
    context: typer.Context,
    job: JobId,
    timeout: Annotated[float | None, typer.Option(help="Stop waiting after this many seconds.", min=0)] = None,
    as_json: Json = False,
) -> None:
    """Wait until a job has ended.

    Exit code 0 if it is done, 1 if it failed, was cancelled, or has not ended in time.
    """
    from egraph.worker.jobs import DONE
    from egraph.worker.queue import wait as wait_for

    with ProgressDisplay(as_json) as progress:
        found = wait_for(settings_of(context), job, timeout, progress)
    if as_json:
        write_json(found.to_json())
    else:
        print(printable(f"{found.id} {found.state}" + (f": {found.error}" if found.error else "")))
    if found.state != DONE:
        raise typer.Exit(1)


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
    """Put a request into the queue and print the job's id."""
    from egraph.worker import queue

    done = queue.enqueue(settings, kind, request, priority)
    said = "The same job waits already, so none was added" if done.already else "Queued"
    if done.running is not None:
        said = f"Queued once more: {done.running} runs already and asks for the same"
    if as_json:
        write_json(done.to_json())
    else:
        print(done.job)
    if done.already or done.running is not None or not as_json:
        print(f"{said}; `egraph jobs wait {done.job[:8]}` waits for it, `egraph worker` does it.", file=sys.stderr)


def enqueue_each(
    settings: "Settings",
    kind: str,
    requests: Sequence["MineRequest"],
    skipped: Sequence["Skipped"],
    priority: int,
    as_json: bool,
) -> None:
    """Put requests into the queue, one for each category, print a line for each job, and say what was left out."""
    from egraph.worker import queue

    done = queue.enqueue_all(settings, kind, requests, priority)
    jobs = [{"category": request.category, **one.to_json()} for request, one in zip(requests, done, strict=True)]
    if as_json:
        write_json({"jobs": jobs, "skipped": [{"category": one.path, "reason": one.reason} for one in skipped]})
    else:
        for job in jobs:
            print(printable(f"{job['job']}  {job['category']}"))
    for one in skipped:
        print(printable(f"Skipped {one.path}: {one.reason}"), file=sys.stderr)
    waited = sum(one.already for one in done)
    there = f", {waited} waited already" if waited else ""
    print(
        f"Queued {len(done) - waited} jobs{there}; `egraph worker` does them, `egraph jobs` lists them.",
        file=sys.stderr,
    )
