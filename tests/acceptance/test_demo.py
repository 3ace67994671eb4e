"""`egraph demo`, as `make demo` runs it."""

import base64
import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from egraph.graph import embedded
from egraph.settings import load_settings

pytestmark = pytest.mark.slow


def figures(out: str) -> dict[str, dict[str, float]]:
    """What the demo measured: by the words before it, egraph's figure and those of its controls."""
    found: dict[str, dict[str, float]] = {}
    heading = ""
    for line in out.splitlines():
        if number := re.search(r"^    (\S.*?) +(\d\.\d{3})$", line):
            found.setdefault(heading, {})[number[1].removeprefix("control: ")] = float(number[2])
        heading = line.strip() if not number else heading
    return found


def check_page(file: Path) -> None:
    """The page needs nothing but itself, and every picture in it can be looked at."""
    page = file.read_text()
    marked = re.sub(r"<script>.*?</script>", "", page, flags=re.DOTALL)
    links = re.findall(r"""(?:src|href)\s*=\s*["']?([^"'\s>]*)""", marked)
    assert links and all(link.startswith(("data:", "#")) for link in links)
    assert "http://" not in page.replace("http://www.w3.org/", "") and "https://" not in page
    pictures = re.findall(r"data:image/(?:png|jpeg|webp);base64,([A-Za-z0-9+/=]+)", page)
    assert len(pictures) > 10
    for picture in pictures:
        Image.open(io.BytesIO(base64.b64decode(picture))).load()


def test_the_demo_and_the_demo_again(egraph: Callable, egraph_here: Callable, tmp_path: Path) -> None:
    destination = tmp_path / "demo"
    try:
        first = egraph("demo", "--destination", destination, seconds=300)
        found = figures(first.stdout)
        distance, side, new_side, new = found.values()
        assert set(distance) > {
            "egraph",
            "a point that stands still",
            "strongest units of raw filters",
            "random places",
        }
        assert all(distance["egraph"] < value for method, value in distance.items() if method != "egraph")
        assert side["egraph"] >= 0.95 > 0.9 > side["none mirrored"]
        assert new_side["egraph"] >= 0.95 > 0.9 > new_side["none mirrored"]
        assert set(new) == {"egraph", "the boxes' mean place, on the side inferred", "the boxes' mean place"}
        assert new["egraph"] < 0.6 * min(value for method, value in new.items() if method != "egraph")
        assert "Found on photos that were not mined" in (destination / "report.html").read_text()
        assert str(destination / "report.html") in first.stdout
        check_page(destination / "report.html")

        again = egraph_here("demo", "--destination", destination)
        assert figures(again.stdout) == found
        assert "running the network" not in again.stderr
        check_page(destination / "report.html")

        environment = {"EGRAPH_HOME": str(destination / "home")}
        question = ("query", "fires-together", "-P", "category=horse", "-P", "part=head", "--json")
        row = json.loads(egraph_here(*question, environment=environment).stdout)["rows"][0]
        assert f"strength {row['strength']:.2f}, together in {row['photos']} photos" in first.stdout
    finally:
        embedded.stop(load_settings(home=destination / "home"))
