"""A planted flaw: does `egraph diagnose` find it, and does `egraph repair` win back what it costs? On several seeds.

`python tests/benchmarks/planted_flaw.py --seeds 0 1 2 3 4 5 6 7 8 9` plants each (see `egraph.demo.planted`), mines the
kind's photos, diagnoses photos of other kinds with the tag, once with the last layer that trusts the tag and once with
one that never saw it, and repairs what the first finding about the kind names. It prints a line of JSON for each seed,
which `--folder` keeps, and the sums of all.

A finding counts if it is among the first ten, was shown to matter, is about the kind's score, and names one of the
tag's filters; `seen`: and at least half of one row of its pictures shows the tag's colour.
"""

import argparse
import json
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

import egraph as eg
from egraph.commands.diagnose import diagnosis_of
from egraph.commands.repair import repair_of
from egraph.commands.requests import DiagnoseRequest, RepairRequest
from egraph.demo.planted import KIND, Planted, plant, tag_filters, write_flaw
from egraph.diagnosing.finding import Finding, Kind, Row
from egraph.graph.connection import open_database
from egraph.graph.read import read_graph
from egraph.mining.graph_tables import MinedGraph
from egraph.network.load import load_network
from egraph.report.diagnosis_page import sight_picture
from egraph.settings import load_settings

FIRST = 10
NETWORK = "egraph.demo.network:animals"
OFF = 40
"""A pixel has the tag's colour if no channel is farther off."""
SHARE = 0.04
"""Of a picture's pixels, from which on it shows the tag."""


def tried_seed(seed: int, photos: int, folder: Path) -> dict[str, Any]:
    """Everything of one seed."""
    start, planted, at = time.process_time(), plant(seed), folder / str(seed)
    write_flaw(at, planted, photos, photos)
    weights = str(at / "planted.safetensors")
    boxes = at / "photos" / "annotations.json"
    mined = eg.mine(
        at / "photos", network=NETWORK, weights=weights, category=KIND, annotations=boxes, name=f"planted-{seed}"
    )
    with open_database(load_settings()) as database:
        graph = read_graph(database, mined.graph, placing=True)
    tags = set(tag_filters(planted))
    made = {"seed": seed, "tag": planted.tag.shape, "photos": photos, "tag_filters": len(tags)}
    made |= {head: searched(graph, at, head, planted, tags, photos) for head in ("planted", "clean")}
    return made | {"seconds": time.process_time() - start}


def searched(graph: MinedGraph, at: Path, head: str, planted: Planted, tags: set[int], photos: int) -> dict[str, Any]:
    """What is found of one last layer, and what the repair of it does. Both heads read the layers that were mined."""
    network = load_network(NETWORK, str(at / f"{head}.safetensors"))
    graph = replace(graph, network_id=network.id)
    shared = {"truth": at / "misplaced" / "truth.csv", "annotations": at / "misplaced" / "boxes.json", "limit": photos}
    found = diagnosis_of(graph, network, {}, DiagnoseRequest(photos=at / "misplaced", **shared))
    first = [one for one in found.findings[:FIRST] if one.matters and about_the_kind(one)]
    named = [one for one in first if {int(name.rpartition("/")[2]) for name in one.filters} & tags]
    seen = [one for one in named if max((shows(row, planted.tag.colour) for row in one.rows), default=0.0) >= 0.5]
    told: dict[str, Any] = {
        "right": found.photos - found.wrong,
        "named": bool(named),
        "place": found.findings.index(named[0]) + 1 if named else None,
        "seen": bool(seen),
    }
    wrong = next((one for one in first if one.kind is Kind.WRONG), None)
    if wrong is not None:
        names = [*wrong.filters, *wrong.patterns]
        tried = repair_of(graph, network, RepairRequest(names=names, photos=at / "misplaced", **shared))
        told["repair"] = {
            "right": tried.repaired.right,
            "lost": tried.repaired.lost,
            "control": tried.control.right,
            "helps": tried.helps,
        }
    return told


def about_the_kind(one: Finding) -> bool:
    """Whether a finding is about the score of the kind that has the tag."""
    return one.kind is not Kind.WRONG or f'taken for "{KIND}"' in one.says


def shows(row: Row, colour: tuple[int, int, int]) -> float:
    """The share of a row's pictures on which the tag is."""
    hits = [
        (np.abs(np.asarray(sight_picture(sight, 48)).astype(int) - np.array(colour)).max(2) < OFF).mean() > SHARE
        for sight in row.sights
    ]
    return float(np.mean(hits)) if hits else 0.0


def summed(seeds: list[dict[str, Any]]) -> dict[str, Any]:
    """The figures of all seeds. won_back: of the right answers that the tag costs, the share that the repair gives;
    halves: on how many seeds at least half of them."""
    repaired = [one for one in seeds if "repair" in one["planted"]]
    costs = [one["clean"]["right"] - one["planted"]["right"] for one in repaired]
    won = [one["planted"]["repair"]["right"] - one["planted"]["right"] for one in repaired]
    return {
        "seeds": len(seeds),
        "photos": sum(one["photos"] for one in seeds),
        "recall": sum(one["planted"]["named"] for one in seeds),
        "recall_seen": sum(one["planted"]["seen"] for one in seeds),
        "false_alarms": sum(one["clean"]["named"] for one in seeds),
        "false_alarms_seen": sum(one["clean"]["seen"] for one in seeds),
        "right_planted": sum(one["planted"]["right"] for one in seeds),
        "right_clean": sum(one["clean"]["right"] for one in seeds),
        "repaired_seeds": len(repaired),
        "right_repaired": sum(one["planted"]["repair"]["right"] for one in repaired),
        "right_control": sum(one["planted"]["repair"]["control"] for one in repaired),
        "lost": sum(one["planted"]["repair"]["lost"] for one in repaired),
        "won_back": sum(won) / max(1, sum(costs)),
        "halves": sum(w >= cost / 2 for w, cost in zip(won, costs, strict=True)),
        "sure": sum(one["planted"]["repair"]["helps"] for one in repaired),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=list(range(10)))
    parser.add_argument("--photos", type=int, default=30, help="of the kind, and with a misplaced tag")
    parser.add_argument("--folder", type=Path, help="where results are kept, and not made again")
    given = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as temporary:
        folder, made = given.folder or Path(temporary), []
        for seed in given.seeds:
            kept = folder / f"{seed}.json"
            if not kept.exists():
                found = tried_seed(seed, given.photos, folder)
                kept.write_text(json.dumps(found))
            made.append(json.loads(kept.read_text()))
            print(json.dumps(made[-1]), flush=True)
        print(json.dumps(summed(made), indent=1))


if __name__ == "__main__":
    main()
