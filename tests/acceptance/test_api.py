"""`import egraph as eg`: the examples of its docstrings, in one small mined world, and modules and photos in memory."""

import doctest
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

import egraph as eg
from egraph.demo.world import write_world
from egraph.errors import InputError, UsageError

pytestmark = pytest.mark.slow

EXAMPLES = (
    "mine",
    "import_parts",
    "build_aog",
    "place",
    "label_part",
    "locate",
    "explain",
    "diagnose",
    "repair",
    "load_repair",
    "evaluate",
    "evaluate_purity",
    "evaluate_explanation",
    "keep_figures",
)
LAST = (
    *("ask", "questions", "show", "name", "remove_name", "write_report"),
    *("open_graph", "open_aog", "edit_aog", "restore_aog", "suggest_labels"),
    *("export", "list_layers", "list_graphs", "list_parts", "list_aogs"),
    *("remove_aog", "remove_part", "remove_graph"),
)


@pytest.fixture
def here(egraph_here: Callable, tmp_path: Path) -> Path:
    """A folder with `photos` and `new-photos` of horses, in which everything here runs."""
    write_world(tmp_path / "photos", "horse", 24, seed=5)
    write_world(tmp_path / "new-photos", "horse", 6, seed=6)
    return tmp_path


def test_the_examples_of_the_docstrings_do_what_they_say(here: Path) -> None:
    functions = [getattr(eg, name) for name in (*EXAMPLES, *LAST)]
    public = {name for name in eg.__all__ if type(getattr(eg, name)).__name__ == "function"}
    assert {function.__name__ for function in functions} == public - {"load_settings"}
    world: dict[str, object] = {"eg": eg}
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    said: list[str] = []
    for function in functions:
        (test,) = doctest.DocTestFinder(recurse=False).find(function, function.__name__)
        assert test.examples, f"{function.__name__} has no example"
        test.globs = world
        runner.run(test, out=said.append, clear_globs=False)
    assert not said, "".join(said)


class Own(nn.Module):
    """A small network that no name leads to."""

    def __init__(self) -> None:
        super().__init__()
        layers = [(3, 16, 7, 8, 3), (16, 24, 3, 2, 1), (24, 32, 3, 2, 1)]
        self.body = nn.Sequential(*(part for layer in layers for part in (nn.Conv2d(*layer), nn.ReLU())))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.body(x)


def test_a_module_in_memory_is_mined_learnt_from_and_found_with(here: Path, egraph_here: Callable) -> None:
    torch.manual_seed(0)
    module, annotations = Own().train(), "photos/annotations.json"
    before = {name: value.clone() for name, value in module.state_dict().items()}
    input_ = eg.Preprocessing(size=96)
    mined = eg.mine("photos", network=module, category="horse", annotations=annotations, preprocessing=input_)
    assert mined.graph.startswith("Own@") and mined.counts["patterns"] > 0
    again = eg.mine("photos", network=module, category="horse", annotations=annotations, preprocessing=input_)
    assert again.already and again.graph == mined.graph
    # The module is the user's, and stays as it was.
    assert module.training and all(p.requires_grad for p in module.parameters())
    assert all(torch.equal(before[name], value) for name, value in module.state_dict().items())

    eg.import_parts(annotations, category="horse", part="head", limit=3, network=module)
    built = eg.build_aog("horse", "head", network=module)
    assert built.labels == 3
    files = sorted((here / "new-photos" / "images").iterdir())
    from_files = eg.locate(files, category="horse", network=module)
    shown = Image.open(files[0])
    in_memory = eg.locate([shown, np.asarray(shown.convert("RGB"))], category="horse", network=module)
    twice = eg.locate([files[0], files[0]], category="horse", network=module)
    for found in in_memory:
        # the same but for rounding, which depends on how many photos are looked at together
        here, there = found.parts[0], twice[0].parts[0]
        assert (here.x, here.y, here.score) == pytest.approx((there.x, there.y, there.score), abs=1e-3)
    assert [found.to_json()["photo"] for found in in_memory] == ["photo 1", "photo 2"]
    assert in_memory[0]._repr_png_().startswith(b"\x89PNG") and "<img" in in_memory._repr_html_()
    frame = from_files.to_pandas()
    assert list(frame["photo"]) == [str(path) for path in files] and set(frame["part"]) == {"head"}
    assert frame["x"].tolist() == [found.parts[0].x for found in from_files]

    # Other weights are other than those that were mined with, and a command line has no module at all.
    with pytest.raises(InputError, match="was mined with Own@"):
        eg.locate(files[0], category="horse", network=Own())
    refused = egraph_here("aog", "locate", files[0], "--category", "horse", code=3).stderr
    assert "memory of a program" in refused and "network=" in refused
    with pytest.raises(InputError, match="uint8"):
        eg.locate(np.zeros((8, 8, 3)), category="horse", network=module)


def test_a_graph_is_opened_as_the_questions_tell_it(here: Path, egraph_here: Callable) -> None:
    mined = eg.mine(
        "photos", network="egraph.demo.network:animals", category="horse", annotations="photos/annotations.json"
    )
    graph = eg.open_graph(mined.graph)
    assert graph.to_json()["patterns"] == len(graph) == mined.counts["patterns"]
    by_id = graph.to_networkx()
    for type_ in ("CO_ACTIVATES_WITH", "DISPLACED_FROM", "FIRES_ON"):
        edges = graph.edges(type_)
        assert edges.index.dtype == np.int64 and edges.index.shape == (2, mined.counts[type_])
        cypher = f"MATCH (p:Pattern)-[e:{type_}]->(q) RETURN p.id AS p, q.id AS q, properties(e) AS e"
        rows = eg.ask(cypher=cypher, limit=10**6).rows
        targets = np.array([o.id for o in graph.objects]) if type_ == "FIRES_ON" else graph.patterns["id"]
        told = {(row["p"], row["q"]): row["e"] for row in rows}
        sources, targets = graph.patterns["id"][edges.index[0]], targets[edges.index[1]]
        assert set(zip(sources, targets, strict=True)) == set(told)
        for name, column in edges.values.items():
            wanted = [told[pair][name] for pair in zip(sources, targets, strict=True)]
            assert column.astype(float).tolist() == pytest.approx(wanted)
        if type_ != "FIRES_ON":
            assert sum(key == type_ for _, _, key in by_id.edges(keys=True)) == len(edges)
    (row,) = eg.ask(cypher="MATCH (p:Pattern) RETURN p.id AS id, p.x AS x, p.support AS support", limit=1).rows
    frame = graph.to_pandas().set_index("id")
    assert (frame.loc[row["id"], "x"], frame.loc[row["id"], "support"]) == pytest.approx((row["x"], row["support"]))
    with pytest.raises(UsageError, match=r"LIES_OFF.*CO_ACTIVATES_WITH"):
        graph.edges("LIES_OFF")

    printed = json.loads(egraph_here("query", "overview", "--json").stdout)
    assert eg.ask("overview").to_json() == printed
    with pytest.raises(UsageError, match="one of the two"):
        eg.ask()
