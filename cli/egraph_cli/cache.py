"""`egraph cache`: what can be computed anew."""

from dataclasses import asdict
from typing import Annotated

import typer

from egraph_cli.options import Json, Yes, confirm, settings_of
from egraph_cli.output import write_json

app = typer.Typer(help="Delete files that egraph can compute again.", no_args_is_help=True, rich_markup_mode=None)


@app.command()
def clean(
    context: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say how much there is.")] = False,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Delete cached responses, unfinished layers and geometries, after asking; keep what a running process uses.

    Complete graphs are in the database and need none of these files. The mining of an incomplete graph starts again
    from the beginning, and learning a part runs the network over the photos once more.
    """
    from egraph.cache import KINDS, caches
    from egraph.cache import clean as clear

    home = settings_of(context).home
    if not dry_run:
        there = sum(cache.bytes - cache.needed for cache in caches(home))
        confirm(f"Delete {there / 1e6:,.1f} MB under {home / 'cache'}?", yes)
    found = caches(home) if dry_run else clear(home)
    if as_json:
        write_json({"caches": [asdict(cache) for cache in found], "deleted": not dry_run})
        return
    for cache in found:
        needed = f"; {cache.needed / 1e6:,.1f} MB stay, because a running process needs them" if cache.needed else ""
        print(f"{cache.kind}: {cache.bytes / 1e6:,.1f} MB, {KINDS[cache.kind]}{needed}")
    if not dry_run:
        print(f"Deleted {sum(cache.bytes - cache.needed for cache in found) / 1e6:,.1f} MB.")
