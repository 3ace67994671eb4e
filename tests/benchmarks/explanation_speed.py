"""Does `egraph explain` need more memory the more photos there are? And how long does it take?

`python tests/benchmarks/explanation_speed.py 1000` mines a small graph of generated photos, then explains so many (24
of them, again and again) with a page of all pictures, and prints the command's memory while it runs and the processor
time for each photo.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from egraph.demo.world import write_world

COMMAND = Path(sys.executable).parent / "egraph"
MINED = 24
EVERY = 100
KIND = "horse"


def memory(pid: int) -> float:
    """Megabytes of a process that are in memory and not those of a file."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"no memory of {pid}")


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        write_world(folder / "photos", KIND, MINED, seed=1)
        images = sorted((folder / "photos" / "images").iterdir())
        (folder / "many").mkdir()
        for number in range(count):
            source = images[number % len(images)]
            shutil.copyfile(source, folder / "many" / f"{number:05d}{source.suffix}")
        environment = os.environ | {"EGRAPH_HOME": str(folder / "home")}
        boxes = ("--annotations", folder / "photos" / "annotations.json")
        network = ("--network", "egraph.demo.network:animals", "--category", KIND)
        subprocess.run([COMMAND, "mine", folder / "photos", *boxes, *network, "-q"], env=environment, check=True)
        explain = [COMMAND, "explain", folder / "many", "--json", "-q", "--html", folder / "page.html"]
        before = os.times()
        with subprocess.Popen(explain, env=environment, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            for done, _ in enumerate(process.stdout, start=1):
                if done % EVERY == 0:
                    print(f"{done} photos: {memory(process.pid):.0f} MB", flush=True)
        assert process.returncode == 0 and done == count
        after = os.times()
        seconds = after.children_user + after.children_system - before.children_user - before.children_system
        size = (folder / "page.html").stat().st_size / 1e6
        print(f"{seconds / count:.3f} s of a processor for each photo, a page of {size:.0f} MB")
        subprocess.run([COMMAND, "db", "stop"], env=environment, check=True)


if __name__ == "__main__":
    main()
