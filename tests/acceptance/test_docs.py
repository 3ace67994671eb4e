"""The page of the Python API: made without a warning, with every public function on it."""

import subprocess
import sys
from pathlib import Path

import pytest

import egraph

SOURCES = Path(__file__).parents[2] / "docs" / "api"


@pytest.mark.slow
def test_the_page_of_the_api_has_every_function(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "-b", "html", SOURCES, tmp_path / "page"]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "page" / "index.html").read_text(encoding="utf-8")
    for name in set(egraph.__all__) - {"__version__"}:
        value = getattr(egraph, name)
        assert f'id="{value.__module__}.{value.__qualname__}"' in page or f'id="egraph.{name}"' in page, name
