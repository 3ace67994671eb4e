"""The notebook in `docs/` runs, and shows what its text promises."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).parents[2] / "docs" / "egraph.ipynb"
SECONDS = 300


@pytest.mark.slow
def test_the_notebook_mines_asks_looks_and_finds(egraph_home: Path, tmp_path: Path) -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    assert not any(cell.get("outputs") for cell in notebook.cells), "keep the notebook without its outputs"
    NotebookClient(notebook, timeout=SECONDS, resources={"metadata": {"path": str(tmp_path)}}).execute()
    shown = {}
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            if output.output_type == "execute_result":
                shown[cell.source.splitlines()[-1]] = output.data
    (asked,) = (data for code, data in shown.items() if "fires-together" in code)
    assert asked["text/html"].count("<tr>") == 1 + 5 and "horse/default" in asked["text/html"]
    for code in ('eg.open_aog("horse", "head", patterns=4)', "found[0]", "why[0]"):
        assert len(shown[code]["image/png"]) > 10_000
    (measured,) = (data["text/plain"] for code, data in shown.items() if "tracking" in code)
    assert "egraph" in measured and "random" in measured
