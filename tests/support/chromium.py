"""A real headless Chromium, and commands that serve pages to it."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

playwright = pytest.importorskip("playwright.sync_api")

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
MARKS = [
    pytest.mark.slow,
    pytest.mark.skipif(
        CHROMIUM is None and "chromium" not in os.environ.get("EGRAPH_TEST_REQUIRE", ""), reason="there is no Chromium"
    ),
]


@contextmanager
def serving(home: Path, *command: object, last: str) -> Iterator[str]:
    """Run a command that serves pages from the embedded database of `home`; the address that it prints. Ctrl-C must end
    it, with `last` as all that it ever said."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("NEO4J_")}
    process = subprocess.Popen(
        [Path(sys.executable).parent / "egraph", *map(str, command), "--no-open", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment | {"EGRAPH_HOME": str(home)},
    )
    assert process.stdout and process.stderr
    try:
        address = process.stdout.readline().strip()
        assert address, process.stderr.read()
        yield address
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
        assert process.stderr.read() == last
    finally:
        process.kill()
        process.wait()


@contextmanager
def browser() -> Iterator[Any]:
    """A browser without a window."""
    with playwright.sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


def watched(page: Any) -> list[str]:
    """Whatever a page complains of from now on."""
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return complaints
