"""The real command, spawned as a user would."""

import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from egraph.demo.world import write_world
from egraph.settings import Settings, load_settings
from egraph_cli import main

Egraph = Callable[..., subprocess.CompletedProcess[str]]
COMMAND = Path(sys.executable).parent / "egraph"
SMALL_NETWORK = """
import torch
from torch import nn


def network():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 16, 7, 8, 3), nn.ReLU(), nn.Conv2d(16, 24, 3, 2, 1), nn.ReLU(), nn.Conv2d(24, 32, 3, 2, 1)
    )
"""


@pytest.fixture
def egraph(egraph_home: Path, tmp_path: Path) -> Egraph:
    """Run `egraph` with arguments in an empty folder; no command, however it ends, may show a traceback.

    `code` is the exit code that it must end with, `environment` is added to the process's own.
    """

    def run(
        *arguments: object, code: int = 0, environment: dict[str, str] | None = None, seconds: float = 120
    ) -> subprocess.CompletedProcess[str]:
        process = subprocess.run(
            [COMMAND, *map(str, arguments)],
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            cwd=tmp_path,
            env=os.environ | (environment or {}),
            timeout=seconds,
        )
        assert "Traceback" not in process.stderr, process.stderr
        assert process.returncode == code, f"exit code {process.returncode}\n{process.stdout}\n{process.stderr}"
        return process

    return run


@pytest.fixture
def egraph_here(egraph_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Egraph]:
    """The same as `egraph`, but inside this process: for many short commands that would all import torch again.

    What was imported from the folder is forgotten at the end: another test's network may have the same name.
    """
    monkeypatch.chdir(tmp_path)

    def run(
        *arguments: object, code: int = 0, environment: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        out, err = io.StringIO(), io.StringIO()
        command = ["egraph", *map(str, arguments)]
        with monkeypatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            patch.setattr(sys, "argv", command)
            patch.setattr(sys, "stdin", io.StringIO())
            for name, value in (environment or {}).items():
                patch.setenv(name, value)
            with pytest.raises(SystemExit) as end:
                main.run()
        process = subprocess.CompletedProcess(command, end.value.code, out.getvalue(), err.getvalue())
        assert process.returncode == code, f"exit code {process.returncode}\n{process.stdout}\n{process.stderr}"
        return process

    yield run
    for name, module in list(sys.modules.items()):
        if Path(getattr(module, "__file__", None) or "/").is_relative_to(tmp_path):
            del sys.modules[name]


@pytest.fixture
def refused(egraph: Egraph) -> Callable[..., str]:
    """Run a command that must fail with `code` and one sentence; returns the sentence."""

    def run(*arguments: object, code: int, **more: object) -> str:
        process = egraph(*arguments, code=code, **more)
        assert process.stdout == ""
        lines = [line for line in process.stderr.splitlines() if line.startswith("Error: ")]
        assert len(lines) == 1, process.stderr
        assert process.stderr.splitlines()[-1] == lines[0], process.stderr
        return lines[0].removeprefix("Error: ")

    return run


@pytest.fixture
def database_settings(
    request: pytest.FixtureRequest, egraph_home: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Settings]:
    """How to reach the embedded database, or the one that `support.servers` names; commands that are spawned use it."""
    uri = getattr(request, "param", "embedded")
    with monkeypatch.context() as patch:
        if uri != "embedded":
            patch.setenv("NEO4J_URI", uri)
        yield load_settings()


@pytest.fixture
def small_network(tmp_path: Path) -> tuple[str, str]:
    """The options that name a small network of the user's own, in the folder where `egraph` runs."""
    (tmp_path / "own.py").write_text(SMALL_NETWORK)
    return "--network", "own:network"


@pytest.fixture(scope="session")
def drawn_photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve small drawn photos of a creature with a head, and their COCO file `annotations.json`."""
    folder = tmp_path_factory.mktemp("drawn")
    random = np.random.default_rng(0)
    images, boxes = [], []
    for number in range(12):
        image = Image.fromarray(random.integers(90, 160, (160, 200, 3), dtype=np.uint8))
        pen = ImageDraw.Draw(image)
        left, top = (int(v) for v in random.integers(20, 40, 2))
        body, head = (left, top + 30, left + 110, top + 80), (left + 95, top + 5, left + 135, top + 45)
        pen.ellipse(body, fill=(120, 60, 30))
        pen.ellipse(head, fill=(200, 160, 40))
        image.save(folder / f"{number:02d}.png")
        images.append({"id": number, "file_name": f"{number:02d}.png", "width": 200, "height": 160})
        whole = [left, top + 5, 135, 75]
        boxes.append({"id": number, "image_id": number, "category_id": 1, "bbox": whole})
        part = [head[0], head[1], 40, 40]
        boxes.append({"id": 100 + number, "image_id": number, "category_id": 2, "bbox": part, "part_of": number})
    categories = [{"id": 1, "name": "creature"}, {"id": 2, "name": "head", "supercategory": "creature"}]
    coco = {"images": images, "annotations": boxes, "categories": categories}
    (folder / "annotations.json").write_text(json.dumps(coco))
    return folder


@pytest.fixture
def photos(drawn_photos: Path, tmp_path: Path) -> Path:
    """A copy of the drawn photos that a test may spoil."""
    return Path(shutil.copytree(drawn_photos, tmp_path / "photos"))


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eighty generated photos of horses and their `annotations.json`; made once, so leave them as they are."""
    folder = tmp_path_factory.mktemp("world")
    write_world(folder, "horse", 80, seed=5)
    return folder
