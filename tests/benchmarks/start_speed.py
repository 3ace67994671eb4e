"""How long commands take that compute little, beside what Python and the libraries take to start.

`python tests/benchmarks/start_speed.py`

On a small mined world, with the embedded database running. Seconds by the clock and of processor time, of the command
alone and not of the database; the least of some runs, in turn, so that a busy machine distorts all alike.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from egraph.commands.build import build_aog
from egraph.commands.mine import mine_category
from egraph.commands.parts import import_parts
from egraph.commands.requests import BuildRequest, ImportRequest, MineRequest
from egraph.demo.world import write_world
from egraph.graph import embedded
from egraph.settings import load_settings

RUNS = 3
BARE = {
    "python -c pass": ["-c", "pass"],
    "import neo4j": ["-c", "import neo4j"],
    "import torch": ["-c", "import torch"],
    "import torchvision": ["-c", "import torchvision"],
}


def measured(command: list[str]) -> tuple[float, float]:
    """Seconds and processor seconds of a command, which must succeed."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    taken, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return taken, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Print a row for each command."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["EGRAPH_HOME"] = folder
        settings = load_settings(home=Path(folder))
        world = Path(folder) / "world"
        annotations = write_world(world, "horse", 24, seed=5)
        mine_category(settings, MineRequest(world, "egraph.demo.network:animals", None, "horse", annotations))
        import_parts(settings, ImportRequest(annotations, "horse", "head", limit=3))
        build_aog(settings, BuildRequest("horse", "head"))
        photo, kind = str(sorted((world / "images").iterdir())[0]), ["--category", "horse"]
        commands = {
            "egraph query": ["query", "fires-together", "-P", "category=horse", "-P", "part=head"],
            "egraph part label": ["part", "label", photo, "--box", "40,40,30,30", "--part", "tail", *kind],
            "egraph aog locate": ["aog", "locate", photo, "--part", "head", *kind],
        }
        typed = BARE | {name: ["-m", "egraph_cli", *words] for name, words in commands.items()}
        runs = [{name: measured([sys.executable, *words]) for name, words in typed.items()} for _ in range(RUNS)]
        for name in typed:
            seconds, worked = (min(run[name][i] for run in runs) for i in (0, 1))
            print(f"{name:20} {seconds:5.2f} s, {worked:5.2f} s of processor time")
        print(f"load of the last minute: {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
        embedded.stop(settings)


if __name__ == "__main__":
    main()
