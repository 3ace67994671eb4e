"""The tree of an And-Or graph and its drawing, against what was written."""

from collections.abc import Iterator
from dataclasses import astuple

import pytest

from egraph.aog.boxes import part_box
from egraph.aog.model import AndOrGraph
from egraph.aog.show import EXAMPLES, Sighting, read_tree
from egraph.aog.storage import remove_aog, write_aog
from egraph.errors import NothingYetError, UsageError
from egraph.graph.connection import Database
from egraph.graph.parts import add_labels
from egraph.graph.write import write_graph
from egraph.mining.graph_tables import MinedGraph
from egraph.photos.mirroring import turned_point
from reference.questions import firings, name, with_parts
from support.synthetic import synthetic_aog, synthetic_graph

Written = tuple[MinedGraph, list[AndOrGraph]]


@pytest.fixture
def written(database: Database, category: str) -> Iterator[Written]:
    """A graph, two And-Or graphs of the head and one of the leg."""
    mined = synthetic_graph(category, firings_per_object=16, filters=(8, 6, 4), objects=14)
    write_graph(database, mined)
    for part in ("head", "leg"):
        add_labels(database, with_parts(mined), category, part)
    aogs = [
        synthetic_aog(mined, part, named, seed)
        for seed, (part, named) in enumerate((("head", "default"), ("head", "other"), ("leg", "default")))
    ]
    for aog in aogs:
        write_aog(database, aog, {o.id: bool(m) for o, m in zip(mined.objects, mined.mirrored, strict=True)})
    yield mined, aogs
    for aog in aogs:
        remove_aog(database, aog.id)


def rows_of(aog: AndOrGraph) -> list[dict]:
    rows = []
    for number, template in enumerate(aog.templates, start=1):
        for s in range(len(aog.layer)):
            rows.append(
                {
                    "template": number,
                    "objects": template.objects,
                    "pattern": f"{aog.graph}/{aog.layer[s]}/{aog.filter[s]}/{aog.number[s]}",
                    "layer": aog.layer[s],
                    "filter": int(aog.filter[s]),
                    "share": float(template.share[s]),
                    "weight": float(template.weight[s]),
                    "dx": float(template.displacement[s, 1]),
                    "dy": float(template.displacement[s, 0]),
                    "sigma": float(template.sigma[s]),
                }
            )
    return sorted(rows, key=lambda row: (row["template"], -row["share"], row["pattern"]))


def test_the_drawing_has_the_strongest_patterns(database: Database, written: Written, category: str) -> None:
    _, (head, _, _) = written
    given = {"category": category, "part": "head", "graph": None, "name": "default", "port": 7480}
    for limit in (5, 1000):
        drawn = database.read("browser/draw-and-or-graph", **given, limit=limit)
        found = {tuple(node["id"] for node in row["drawn"].nodes) for row in drawn}
        strongest = sorted(rows_of(head), key=lambda row: (-row["share"], row["template"], row["pattern"]))[:limit]
        assert found == {
            (f"{category}/head", head.id, f"{head.id}/{row['template']}", row["pattern"]) for row in strongest
        }


def test_the_tree_is_what_was_written(database: Database, written: Written, category: str) -> None:
    mined, (head, _, _) = written
    with pytest.raises(UsageError, match="Several"):
        read_tree(database, category, "head")
    with pytest.raises(NothingYetError, match="no such"):
        read_tree(database, category, "tail")
    tree = read_tree(database, category, "head", "default", shown=2, examples=True)
    assert tree.summary.id == head.id and tree.layers == [layer.name for layer in mined.layers]
    assert tree.learnt_from == sorted(head.learnt_from) and tree.parameters == head.parameters
    rows = [
        {"template": t.number, "objects": t.objects, "pattern": p.id, "layer": p.layer, "filter": p.filter}
        | {key: getattr(p, key) for key in ("share", "weight", "dx", "dy", "sigma")}
        for t in tree.templates
        for p in t.patterns
    ]
    assert rows == [pytest.approx(row) for row in rows_of(head)]
    fired = {(name(mined, key), row): at for key, row, at in firings(mined)}
    for number, template in enumerate(tree.templates):
        own = [row for row in range(len(mined.objects)) if head.found.template[row] == number]
        own.sort(key=lambda row: (-head.found.trust[row], -head.found.confidence[row], mined.objects[row].id))
        assert [s.object for s in template.seen] == [mined.objects[row] for row in own[:EXAMPLES]]
        for sighting, row in zip(template.seen, own, strict=False):
            check_part(sighting, mined, head, row)
        for pattern in template.patterns[:2]:
            there = sorted(
                (head.found.template[row] != number, -at["score"], mined.objects[row].id, row)
                for (which, row), at in fired.items()
                if which == pattern.id
            )
            chosen = [row for *_, row in there]
            assert [s.object.id for s in pattern.seen] == [mined.objects[row].id for row in chosen[:EXAMPLES]]
            for sighting, row in zip(pattern.seen, chosen, strict=False):
                at = fired[pattern.id, row]
                between = [(at[name] + at[f"expected_{name}"]) / 2 for name in ("x", "y")]
                assert (sighting.x, sighting.y, sighting.score) == pytest.approx((*between, at["score"]))
                check_part(sighting, mined, head, row)
        assert not any(pattern.seen for pattern in template.patterns[2:] if pattern.id not in shown(tree))
    assert any(pattern.seen for template in tree.templates for pattern in template.patterns)


def shown(tree) -> set[str]:
    return {pattern.id for template in tree.templates for pattern in template.patterns[: tree.shown]}


def check_part(sighting: Sighting, mined: MinedGraph, aog: AndOrGraph, row: int) -> None:
    """The part's box is centred where it was found, as large as the template says."""
    o, box = mined.objects[row], sighting.part
    x, y = turned_point(aog.found.places[row], bool(mined.mirrored[row]))
    square = aog.templates[aog.found.template[row]].box
    expected = part_box(o, o.box.x + x * o.box.width, o.box.y + y * o.box.height, square)
    assert sighting.mirrored == bool(mined.mirrored[row])
    assert list(astuple(box)) == pytest.approx(list(astuple(expected)))
