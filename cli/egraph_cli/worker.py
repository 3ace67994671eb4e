"""`egraph worker`: does the jobs of the queue."""

import sys
from dataclasses import asdict
from typing import Annotated

import typer

from egraph_cli.options import Json, settings_of
from egraph_cli.output import write_json

app = typer.Typer(
    help="Do the jobs of the queue until it is stopped.", invoke_without_command=True, rich_markup_mode=None
)


@app.callback()
def worker(
    context: typer.Context,
    once: Annotated[
        bool, typer.Option("--once", help="End when no job waits any more, instead of waiting for the next one.")
    ] = False,
    poll: Annotated[
        str | None,
        typer.Option(help="Time between two looks for a job, for example 2s; instead of EGRAPH_POLL.", metavar="TIME"),
    ] = None,
    lease: Annotated[
        str | None,
        typer.Option(
            help="Another worker may take a job whose worker is silent for this time; instead of EGRAPH_LEASE.",
            metavar="TIME",
        ),
    ] = None,
    patience: Annotated[
        str | None,
        typer.Option(help="How long to continue without the database; instead of EGRAPH_PATIENCE.", metavar="TIME"),
    ] = None,
    device: Annotated[
        str | None, typer.Option(help="Where to compute: cpu, cuda, …; default: what the job says.")
    ] = None,
    concurrency: Annotated[
        int | None, typer.Option(help="Do this many jobs at once, each in a process of its own.", min=1, metavar="N")
    ] = None,
    log_format: Annotated[str | None, typer.Option(help="Log lines on stderr: text or json.")] = None,
    metrics_port: Annotated[
        int | None,
        typer.Option(help="Answer Prometheus on this port (needs egraph[metrics]).", min=0, max=65535, metavar="PORT"),
    ] = None,
    member: Annotated[
        bool, typer.Option("--member", hidden=True, help="End when standard input does: one of a crew.")
    ] = False,
) -> None:
    """Do the jobs of the queue until it is stopped.

    SIGTERM or Ctrl-C once: it finishes the step at hand, gives its job back and ends; twice: it ends at once. Whatever
    happens, a job goes on from what is kept.
    """
    settings = settings_of(
        context,
        poll=poll,
        lease=lease,
        patience=patience,
        device=device,
        concurrency=concurrency,
        log_format=log_format,
        metrics_port=metrics_port,
    )
    if context.invoked_subcommand is not None:
        return
    from egraph.worker.log import log_to_stderr
    from egraph.worker.stop import Stop

    log_to_stderr(settings.log_format)
    stop = Stop()
    stop.listen()
    if settings.concurrency > 1:
        from egraph.worker.supervisor import run_crew

        commands = [member_command(context, number, settings.metrics_port) for number in range(settings.concurrency)]
        raise typer.Exit(run_crew(commands, stop))
    if member:
        from egraph.worker.supervisor import end_with_parent

        end_with_parent(sys.stdin.fileno())
    from egraph.worker.metrics import open_metrics
    from egraph.worker.worker import Worker

    Worker(settings, stop, open_metrics(settings.metrics_port)).run(once)


def member_command(context: typer.Context, number: int, metrics_port: int | None) -> list[str]:
    """The command of one worker of several: the same flags, and a port of its own."""
    before = {name: value for name, value in context.find_root().obj.items() if value is not None}
    given = {
        name: context.params[name]
        for name in ("poll", "lease", "patience", "device", "log_format")
        if context.params[name] is not None
    }
    if metrics_port is not None:
        given["metrics_port"] = metrics_port + number

    def flags(values: dict[str, object]) -> list[str]:
        return [text for name, value in values.items() for text in (f"--{name.replace('_', '-')}", str(value))]

    once = ["--once"] if context.params["once"] else []
    program = [sys.executable, "-m", "egraph_cli"]
    return [*program, *flags(before), "worker", *flags(given), "--concurrency", "1", "--member", *once]


@app.command()
def health(context: typer.Context, as_json: Json = False) -> None:
    """Show whether this machine's workers are well; exit code 1 if there is none, or if one is stuck."""
    from egraph.worker.health import check_workers, workers

    home = settings_of(context).home
    if as_json:
        write_json([asdict(one) for one in workers(home)])
    found = check_workers(home)
    if as_json:
        return
    for one in found:
        print(f"{one.worker}: {one.state}" + (f" on {one.job}" if one.job else "") + f", heard of {one.age:.0f} s ago")
