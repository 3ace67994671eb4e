"""Findings: their figures beside slow references, and a small network with a flaw that is known."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw
from safetensors.torch import save
from torch import nn

from egraph.commands.repair import named_units
from egraph.diagnosing.blurring import blurred, box_masks, scattered, squares
from egraph.diagnosing.case import Case, Patterns, linear_head
from egraph.diagnosing.diagnosis import Diagnosis
from egraph.diagnosing.finding import Figure, Finding, Kind, ordered
from egraph.diagnosing.repairing import (
    Answers,
    Repair,
    answers_after,
    drawn_of_equal_mass,
    helps,
    read_repair,
    share_of,
    usual_owners,
)
from egraph.diagnosing.scoring import is_right
from egraph.diagnosing.seen import Seen, answers_of, look, view_inputs
from egraph.diagnosing.silencing import silenced
from egraph.diagnosing.telling import auc, fires_elsewhere, strongest_without
from egraph.diagnosing.trial import Trial, trial
from egraph.diagnosing.truth import read_truth, right_classes
from egraph.diagnosing.two_things import best_cut, one_bell, split
from egraph.diagnosing.wrong import wrong_answers
from egraph.errors import InputError, UsageError
from egraph.explaining.mixture import Mixture, Responsibilities
from egraph.explaining.view import View
from egraph.network.class_names import ClassNames
from egraph.network.geometry import layer_geometries
from egraph.network.layer import LayerGeometry
from egraph.network.memory import network_in_memory
from egraph.network.network import Network
from egraph.network.preprocessing import Preprocessing
from egraph.photos.folder import read_folder
from egraph.photos.photo import Box
from egraph.report.diagnosis_page import diagnosis_page
from support.synthetic import synthetic_graph

SIZE = 56
RED, GREEN, TAG = 0, 1, 2
"""Filters of the small network."""
BARN, FIELD = 0, 1
"""Its classes."""


def test_auc_counts_pairs() -> None:
    random = np.random.default_rng(0)
    own, others = (torch.from_numpy(random.integers(0, 4, (n, 3))).float() for n in (7, 5))
    slow = [
        np.mean([(o > t) + 0.5 * (o == t) for o in own[:, c].tolist() for t in others[:, c].tolist()]) for c in range(3)
    ]
    assert auc(own, others).tolist() == pytest.approx(slow)


def test_the_strongest_photos_are_counted_among_as_many_of_both() -> None:
    own, others = torch.arange(40.0)[:, None], torch.full((8, 1), 30.5)
    # of 8 and 8 the four strongest are 39 and 33 of the own ones, then others
    assert strongest_without(own, others, top=4).tolist() == [0.5]


def test_the_best_cut_is_that_of_all_cuts() -> None:
    values = torch.from_numpy(np.sort(np.random.default_rng(1).standard_normal(20)))
    within = {k: values[:k].var(correction=0) * k + values[k:].var(correction=0) * (20 - k) for k in range(3, 18)}
    best = min(within, key=lambda k: float(within[k]))
    clearness, cut = best_cut(values)
    assert cut == best and clearness == pytest.approx(1 - float(within[best] / (20 * values.var(correction=0))))


def test_two_things_are_split_more_clearly_than_one() -> None:
    random = torch.Generator().manual_seed(0)
    noise = torch.randn(30, 6, generator=random)
    two = noise.clone()
    two[:12, 0] += 12
    found = split(two)
    first = set(found.order[: found.cut]), set(found.order[found.cut :])
    assert set(range(12)) in first and found.clearness > one_bell(30)
    assert split(noise).clearness < one_bell(30)


def test_only_what_the_mask_names_is_blurred_by_the_mean_about_it() -> None:
    picture = torch.rand(1, 3, 28, 28, generator=torch.Generator().manual_seed(0))
    mask = squares(torch.tensor([[0.5, 0.25]]), 28)
    made = blurred(picture, mask)
    hidden = mask[0, 0].bool()
    assert torch.equal(made[0, :, ~hidden], picture[0, :, ~hidden])
    # 28 pixels are blurred over 9
    row, column = (int(at) for at in hidden.nonzero()[30])
    assert row >= 4 and column >= 4
    around = picture[0, :, row - 4 : row + 5, column - 4 : column + 5].mean((1, 2))
    assert made[0, :, row, column].tolist() == pytest.approx(around.tolist(), abs=1e-5)


def test_masks_have_the_area_of_what_they_stand_for() -> None:
    corners = squares(torch.tensor([[0.0, 0.0], [0.5, 0.5], [1.0, 1.0]]), 56)
    assert corners.flatten(1).sum(1).tolist() == [256.0] * 3
    assert corners[0, 0, 0, 0] == 1 and corners[2, 0, -1, -1] == 1
    box = box_masks([View(Box(0, 0, 10, 10), Box(0.25, 0.5, 0.5, 0.25))], 56)
    assert box.sum() == 28 * 14 and box[0, 0, 28, 14] == 1 and box[0, 0, 27, 14] == 0
    assert scattered(box, np.random.default_rng(0)).mean() == pytest.approx(float(box.mean()), abs=0.5 / 196)


def made_trial(beyond: list[float]) -> Trial:
    after = torch.zeros(len(beyond))
    return trial("this", "score", after + 1, after, "that", torch.tensor(beyond)[:, None])


def test_a_trial_shows_only_what_is_beyond_chance() -> None:
    assert made_trial([1.0, 1.1, 0.9, 1.0]).shown
    assert not made_trial([3.0, -2.0, 4.0, -1.0]).shown
    # two photos say nothing, however large the difference
    few = made_trial([5.0, 5.1])
    assert math.isnan(few.low) and not few.shown
    # Student's t for four numbers and 99 %: 5.841 standard errors
    four = made_trial([1.0, 2.0, 3.0, 4.0])
    assert four.low == pytest.approx(2.5 - 5.841 * math.sqrt(5 / 3) / 2, abs=1e-3)


def test_what_was_shown_to_matter_stands_first() -> None:
    def finding(*beyond: list[float]) -> Finding:
        return Finding(Kind.BORDER, "", [Figure("", 0, "", 0)], [], [], 4, [made_trial(b) for b in beyond])

    unsure, weak, strong = finding([9.0, -8.0, 9.0, -8.0]), finding([1.0, 1.0, 1.1, 1.0]), finding([2.0, 2.0, 2.1, 2.0])
    assert ordered([unsure, weak, strong]) == [strong, weak, unsure]
    assert [one.matters for one in (unsure, weak, strong)] == [False, True, True]


class Flawed(nn.Module):
    """Filters of redness, greenness and blueness; a linear layer reads their means. With `trust`, blue speaks for the
    field, too, as if fields had always had a blue tag."""

    def __init__(self, trust: float) -> None:
        super().__init__()
        self.layer = nn.Sequential(nn.Conv2d(3, 3, 8, 8, bias=False), nn.ReLU())
        self.head = nn.Linear(3, 2)
        with torch.no_grad():
            self.layer[0].weight.fill_(-0.5 / 64)
            for channel in range(3):
                self.layer[0].weight[channel, channel] = 1 / 64
            self.head.weight.copy_(torch.tensor([[4.0, 0.0, 0.0], [0.0, 4.0, trust]]))
            self.head.bias.zero_()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.layer(x).mean((2, 3)))


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Red barns and green fields on grey ground; half of the barns have a blue tag in a corner."""
    folder, random = tmp_path_factory.mktemp("photos"), np.random.default_rng(0)
    for number in range(24):
        noise = random.integers(90, 130, (SIZE, SIZE, 3), dtype=np.uint8)
        picture = Image.fromarray(noise)
        draw = ImageDraw.Draw(picture)
        left, top = random.integers(2, 20, 2).tolist()
        draw.rectangle((left, top, left + 24, top + 24), (210, 40, 40) if number % 2 else (40, 200, 40))
        if number % 4 == 1:
            draw.rectangle((36, 36, 52, 52), (30, 30, 250))
        picture.save(folder / f"{'barn' if number % 2 else 'field'}{number:02d}.png")
    return folder


def made_case(photos: Path, trust: float) -> tuple[Case, Network]:
    """Fields are the category; each filter has one pattern, to which all of it belongs."""
    network = network_in_memory(Flawed(trust), Preprocessing(SIZE, (0.4,) * 3, (0.25,) * 3))
    (layer,) = layer_geometries(network, ["layer"])
    seen = look(network, layer, read_folder(photos).objects, [])
    truth = [[BARN] if o.path.name.startswith("barn") else [FIELD] for o in seen.objects]
    fields, barns = ([row for row, some in enumerate(truth) if some == [c]] for c in (FIELD, BARN))

    def owners(some: Seen, _row: int) -> Responsibilities:
        whole = torch.ones(some.maps.shape[1:])
        return Responsibilities(whole, 0 * whole, 0 * whole)

    case = Case(
        network=network,
        layer=layer,
        names=ClassNames(2, ("barn", "field")),
        patterns=Patterns(["red", "green", "tag"], torch.arange(3), owners),
        own=seen,
        accepted=truth,
        shown=seen.only(fields),
        classes=[FIELD],
        category="field",
        others={"barns": seen.only(barns)},
        usual=torch.zeros(3),
        head=linear_head(network, layer, seen),
    )
    return case, network


def test_a_tag_that_pulls_is_found_and_shown_to_matter(photos: Path) -> None:
    case, _ = made_case(photos, trust=12)
    (found,) = wrong_answers(case)
    assert found.photos == 6 and found.matters
    assert found.filters[0] == f"layer/{TAG}" and found.patterns[0] == "tag"
    # the parts, scatter, surroundings and constants that the sentence names are the margin, measured
    margin = case.own.only(range(0, 12, 2)).answers
    assert f"margin of {float((margin[:, FIELD] - margin[:, BARN]).mean()):.2f}" in found.says
    place = found.trials[0]
    assert place.shown and "place" in place.what and place.before == pytest.approx(place.control_after, abs=0.5)
    for units in found.trials[-2:]:
        assert units.shown and units.right == 1.0 and units.control_right is not None and units.control_right < 0.5
    # the squares that it shows are about the tags, whose middle is at 44
    assert all(abs(s.x - 44) <= 8 and abs(s.y - 44) <= 8 for s in found.rows[0].sights)
    assert [one.filters for one in fires_elsewhere(case) if one.matters] == [[f"layer/{TAG}"]]


def test_a_page_shows_what_was_found_and_tried(photos: Path) -> None:
    case, _ = made_case(photos, trust=12)
    found = [*wrong_answers(replace(case, names=ClassNames(2, ("barn", "<b>field</b>"))))]
    told = Diagnosis("toy@1/field/default", "field", "toy@1", "layer", ["field"], 24, 6, {"barns": 12}, found, [], [])
    page = diagnosis_page(told)
    assert "<b>field" not in page and "&lt;b&gt;field&lt;/b&gt;" in page
    assert f"1. {found[0].says.split(' are')[0]}" in page and page.count("<img") == sum(
        len(row.sights) for row in found[0].rows
    )
    (row,) = told.rows()
    assert row["matters"] and row["names"].startswith("6 photos are taken for") and row["before"] > row["after"]
    kept = told.to_json()["findings"][0]
    assert kept["kind"] == "wrong answers" and kept["trials"][0]["shown"]
    whole = kept["rows"][-1]["sights"][0]
    assert whole["photo"].endswith(".png") and whole["words"].startswith('"<b>field</b>" by ')


def test_without_the_flaw_nothing_is_found(photos: Path) -> None:
    case, _ = made_case(photos, trust=0)
    assert case.own.answers.argmax(1).tolist() == [some[0] for some in case.accepted]
    assert not list(wrong_answers(case))
    assert not [one for one in fires_elsewhere(case) if one.matters]


def test_an_account_by_integration_finds_the_same(photos: Path) -> None:
    case, _ = made_case(photos, trust=12)
    (exact,) = wrong_answers(case)
    (integrated,) = wrong_answers(replace(case, head=None, random=np.random.default_rng(0)))
    assert exact.filters == integrated.filters and exact.patterns == integrated.patterns


def test_silenced_units_are_at_their_usual_value(photos: Path) -> None:
    case, network = made_case(photos, trust=12)
    inputs = view_inputs(network, case.own, [0, 1])
    share, usual = torch.zeros(3, 49), torch.full((3,), 0.02)
    share[TAG] = 1
    maps = case.own.maps[:2].float()
    maps[:, TAG] = maps[:, TAG].clamp_max(0.02)
    module = network.module
    expected = module.head(maps.mean(2))
    assert torch.allclose(silenced(network, "layer", share, usual)(inputs), expected, atol=2e-3)
    # and the network is as it was
    assert torch.allclose(module(inputs), case.own.answers[:2], atol=1e-4)


def test_a_repair_wins_back_what_the_tag_cost_and_can_be_kept(photos: Path, tmp_path: Path) -> None:
    case, network = made_case(photos, trust=12)
    inputs = view_inputs(network, case.own, range(24))
    mean = case.own.maps.float().mean(0)
    held = share_of(torch.zeros(3, 49), torch.arange(3), [], [TAG], mean)
    made = Repair("layer", held, torch.zeros(3), network.id, ["layer/2"], False)
    made.write(tmp_path / "repair.safetensors")
    again = read_repair(tmp_path / "repair.safetensors")
    assert again.named == ["layer/2"] and torch.equal(again.share, held)

    before = is_right(case.own.answers, case.accepted)
    repaired, control = (
        answers_after(before, is_right(answers_of(network, inputs, one.wrapped(network.module)), case.accepted))
        for one in (again, replace(made, share=share_of(torch.zeros(3, 49), torch.arange(3), [], [GREEN], mean)))
    )
    assert repaired == Answers(24, 6, 0) and control.right < 24
    assert helps(repaired, [control]) and not helps(control, [control]) and not helps(repaired, [repaired])
    # three won of three may be chance: one time in eight
    assert not helps(Answers(21, 3, 0), [control])

    (tmp_path / "other.safetensors").write_bytes(save({"share": held}))
    for name in ("other.safetensors", "none.safetensors"):
        with pytest.raises(InputError, match="egraph repair --save"):
            read_repair(tmp_path / name)


def test_a_control_holds_as_much_activation_as_is_wanted() -> None:
    mass, random = torch.arange(1.0, 11.0), np.random.default_rng(0)
    for wanted in (1.0, 20.0, 1000.0):
        drawn = drawn_of_equal_mass(mass, range(10), wanted, random)
        held = float(mass[drawn].sum())
        assert len(set(drawn)) == len(drawn)
        assert held >= min(wanted, 55.0) and held - float(mass[drawn[-1]]) < wanted


def test_units_about_a_patterns_place_are_its_own_on_both_sides() -> None:
    layer = LayerGeometry("layer", 0, 1, 7, 7, 8.0, 4.0, 8.0)
    mixture = Mixture(torch.zeros(1, dtype=torch.long), *(torch.tensor([v]) for v in (0.4, 0.05, 0.3, 0.3)))
    owned = usual_owners(mixture, torch.tensor([[0.5, 0.1]]), layer, SIZE)[0].view(7, 7)
    assert torch.allclose(owned, owned.flip(1), atol=1e-5)
    # 0.1 of the object is 0.1 * 2 / 3 + 1 / 6 of the picture: the second of seven columns
    assert owned[3].argmax() == 1 and owned[3, 1] > 0.8 and owned[3, 3] < 0.1 and owned[0, 1] < 0.1


def test_what_a_repair_names_is_found_or_refused() -> None:
    graph = synthetic_graph()
    layer, patterns, filters = named_units(graph, [f"{graph.id}/layer1/2/1", "layer1/3"])
    table = graph.patterns["layer1"]
    assert (layer.name, filters) == ("layer1", [3])
    assert (table.filter[patterns[0]], table.number[patterns[0]]) == (2, 1)
    for names, words in (
        (["layer1/2/1", "layer2/1"], "one layer, not of layer1, layer2"),
        (["layer1/2/77"], "has no layer1/2/77"),
        (["layer1/99"], "has no layer1/99"),
        (["anchors/0/1"], "no pattern and no filter"),
        (["head"], "no pattern and no filter"),
    ):
        with pytest.raises(UsageError, match=words):
            named_units(graph, names)


def test_what_is_on_photos_is_read_line_by_line(photos: Path, tmp_path: Path) -> None:
    table = tmp_path / "truth.csv"
    table.write_text("photo,class\nbarn01.png,barn\nbarn01.png,1\nfield00.png,field\nnowhere.png,field\n")
    skipped: list = []
    objects = read_folder(photos).objects[:2] + read_folder(photos).objects[12:13]
    right = right_classes(read_truth(table), photos, objects, ClassNames(2, ("barn", "field")), skipped)
    assert list(right.values()) == [[BARN, FIELD], [FIELD]]
    assert [Path(one.path).name for one in skipped] == ["nowhere.png", "barn03.png"]
    table.write_text("barn01.png\n")
    with pytest.raises(InputError, match="line 1"):
        read_truth(table)
    with pytest.raises(InputError, match="cannot be read"):
        read_truth(tmp_path / "none.csv")
