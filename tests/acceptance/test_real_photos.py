"""The main job on real photos with networks that were trained on ImageNet."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = [pytest.mark.data, pytest.mark.slow]


@pytest.fixture
def egraph(egraph_here: Callable) -> Callable:
    """Inside this process, which imports torch once."""
    return egraph_here


@pytest.fixture
def horses(test_data: Path) -> tuple[Path, Path]:
    """The folder of the horses' photos, and their COCO file."""
    folder = test_data / "animalpart" / "horse"
    return folder, folder / "annotations.json"


def test_patterns_of_a_horses_head(egraph: Callable, test_data: Path, horses: tuple[Path, Path]) -> None:
    photos, annotations = horses
    network = ("--network", "resnet50", "--weights", test_data / "weights" / "resnet50.pth", "--category", "horse")
    mined = egraph("mine", photos, "--annotations", annotations, *network, "--limit", 24, "--json")
    report = json.loads(mined.stdout)
    assert report["photos"] == {"used": 24, "skipped": []}
    assert report["patterns"] > 1000 and min(report["edges"].values()) > 1000

    # patterns explain on other photos what they do not where activation is thrown about
    about = ("--category", "horse", "--photos", 24, "--json")
    activation = json.loads(egraph("evaluate", "activation", *about).stdout)["layers"]["layer4"]
    assert activation["egraph"]["explained"] > 0.25 > 2 * activation["scattered_units"]["explained"]
    assert activation["egraph"]["likelihood"] > activation["other_photo"]["likelihood"] + 0.02

    labels = egraph("part", "import", annotations, "--category", "horse", "--part", "head", "--limit", 3, "--json")
    assert json.loads(labels.stdout)["graphs"] == [report["graph"]]

    rows = json.loads(egraph("query", "fires-together", "-P", "category=horse", "-P", "part=head", "--json").stdout)[
        "rows"
    ]
    together = [row for row in rows if row["partner"]]
    assert together
    assert {(row["layer"], row["partner_layer"]) for row in together} & {("layer3", "layer4"), ("layer2", "layer3")}
    assert {"layer3", "layer4"} <= {row[key] for row in rows for key in ("layer", "partner_layer")}
    for row in together:
        assert 0 < row["on_part"] <= 1
        assert 0 < row["by_chance"] <= row["on_part"] + 1e-8, "as often as chance may have it, or more"
        assert 0 < row["photos"] <= 24 and -1 <= row["strength"] <= 1
        assert row["pattern"].startswith(f"{report['graph']}/{row['layer']}/{row['filter']}/")
        assert row["partner"].startswith(f"{report['graph']}/{row['partner_layer']}/{row['partner_filter']}/")
        # partners whose displacement is no steadier than that of random pairs have none
        assert len({row[key] is None for key in ("dx", "dy", "sigma")}) == 1


@pytest.mark.parametrize("weights", ["resnet18.safetensors", "squeezenet1_1.pth"])
def test_other_networks_and_kinds_of_weights(
    egraph: Callable, test_data: Path, horses: tuple[Path, Path], weights: str
) -> None:
    photos, annotations = horses
    name = weights.partition(".")[0]
    network = ("--network", name, "--weights", test_data / "weights" / weights, "--category", "horse")
    mined = egraph("mine", photos, "--annotations", annotations, *network, "--limit", 12, "--json")
    report = json.loads(mined.stdout)
    assert report["graph"].startswith(f"{name}@") and report["photos"]["used"] == 12
    egraph("part", "import", annotations, "--category", "horse", "--part", "head", "--limit", 3)
    asked = egraph("query", "fires-together", "-P", "category=horse", "-P", "part=head", "--json")
    assert json.loads(asked.stdout)["rows"]
