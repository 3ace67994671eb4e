"""Explanations in words, as pictures and as a page."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from egraph.explaining.account import GroupLine, LayerAccount, PatternLine
from egraph.explaining.explanation import ClassLine, Explanation, Without, without_summary
from egraph.explaining.groups import OTHER_PARTS, Kind
from egraph.explaining.sentence import percents, sentence
from egraph.photos.photo import Box, PhotoObject
from egraph.report.explanation_album import Explanations
from egraph.report.explanation_picture import FOR, explanation_picture, glowing, ordered, placed, title, where

NETS = {
    "front_leg": 1.0,
    "unnamed part 4": 2.0,
    OTHER_PARTS: 3.0,
    "texture": 2.0,
    "background": 1.0,
    "not explained": 1.0,
}


def explanation(nets: dict[str, float], path: Path = Path("a.png")) -> Explanation:
    """An account with these groups; each has as much for as it takes beside 1 against."""
    kinds = {"texture": Kind.TEXTURE, "background": Kind.BACKGROUND, "not explained": Kind.UNEXPLAINED}
    groups = [
        GroupLine(name, kinds.get(name, Kind.PART), net + 1, -1.0, 0.5, 0.4, net, 120.0, 50.0)
        for name, net in nets.items()
    ]
    for_ = torch.zeros(4, 4)
    for_[1, 2] = 3.0
    patterns = [PatternLine("net@0/horse/default/top/3/1", 50.0, 60.0, 0.7, 0.3, -0.1)]
    score = sum(nets.values()) - 0.5
    top = LayerAccount("top", score, -0.6, 0.1, 16, groups, patterns, 5, for_, -for_ / 2)
    obj = PhotoObject(path, "0" * 64, 200, 160, Box(20, 30, 150, 100))
    seen = ClassLine(7, 'sorrel <b>"', 0.81)
    return Explanation(obj, Box(0, 5, 200, 150), "horse", seen, seen, None, [top], {"front_leg": Box(100, 40, 30, 30)})


def test_the_sentence_tells_what_speaks_for_the_class_in_shares_that_make_a_whole() -> None:
    assert sentence(explanation(NETS)) == (
        'The network takes this horse for "sorrel <b>"" and is 81% sure. Of what speaks for "sorrel <b>"", 60% comes '
        "from parts of the horse at their places (front leg 10%), 20% from its texture, 10% from what surrounds it and "
        "10% is not explained."
    )
    mixed = sentence(explanation(NETS | {"background": -4.0, "not explained": 0.0}))
    assert "75% comes from parts" in mixed and "25% from its texture." in mixed
    assert mixed.endswith("Against it speaks what surrounds the horse.")
    few = sentence(explanation({"front_leg": 41.2, "texture": 51.4, "background": 6.5, "not explained": 0.9}))
    assert [int(share) for share in re.findall(r"(\d+)%(?! sure|\))", few)] == [41, 51, 7, 1]
    assert percents([0.414, 0.514, 0.065, 0.007]) == [41, 51, 7, 1] and percents([1 / 3] * 3) == [34, 33, 33]
    no_parts = sentence(explanation({"front_leg": -1.0, "texture": 2.0, "background": 2.0}))
    assert "50% comes from its texture and 50% from what surrounds it." in no_parts
    assert no_parts.endswith("Against it speak parts of the horse.")
    torn = sentence(explanation({"front_leg": 3.0, OTHER_PARTS: -2.0, "texture": 1.0}))
    assert "50% comes from parts of the horse at their places (front leg 150%; other parts speak against it)" in torn
    contrary = sentence(explanation({"texture": -2.0, "background": -1.0}))
    assert contrary.endswith('speaks against "sorrel <b>"", most of all the texture of the horse.')
    apart = replace(explanation(NETS), instead_of=ClassLine(2, "ox", 0.1))
    assert 'speaks for "sorrel <b>"" rather than "ox", 60%' in sentence(apart)
    assert title(apart).endswith('and not "ox"?')
    other = replace(apart, instead_of=None, explained=ClassLine(3, "ass", 0.05))
    assert title(other).endswith('81% sure. What about "ass"?')


def test_what_is_taken_away_from_several_photos_is_summed_up() -> None:
    found = explanation(NETS)
    changed, same = ClassLine(1, "ox", 0.5), found.predicted
    some = [
        replace(found, without=Without(["head"], changed, 0.2, found.top.score - 3, same, found.top.score - 1)),
        replace(found, without=Without(["head"], same, 0.2, found.top.score - 1, same, found.top.score + 1)),
    ]
    summary = without_summary([found, *some])
    assert summary and (summary.photos, summary.changed, summary.control_changed) == (2, 1, 0)
    assert (summary.score, summary.control_score) == pytest.approx((-2, 0)) and without_summary([found]) is None


def test_groups_stand_in_one_order_and_their_places_have_words() -> None:
    lines = ordered(explanation(NETS).top)
    assert [line.name for line in lines] == [
        "unnamed part 4",
        "front_leg",
        OTHER_PARTS,
        "texture",
        "background",
        "not explained",
    ]
    assert [line.name for line in placed(lines)] == ["unnamed part 4", "front_leg"]
    found = explanation(NETS)
    for x, y, words in (
        (25, 35, "at the top left"),
        (95, 80, "in the middle"),
        (160, 80, "on the right"),
        (95, 120, "at the bottom"),
    ):
        assert where(replace(lines[0], x=x, y=y), found) == words


def test_the_photo_is_as_taken_where_something_speaks_and_grey_elsewhere() -> None:
    photo = Image.new("RGB", (80, 60), "#d02020")
    strength = torch.zeros(3, 4)
    strength[1, 1] = 1.0
    seen = np.asarray(glowing(photo, strength, FOR), float)
    colour = seen.max(2) - seen.min(2)
    assert colour[30, 30] > 60 and colour[2, 75] < 2
    assert glowing(photo, torch.zeros(3, 4), FOR).size == photo.size


def test_pictures_and_pages_are_written_and_escaped(tmp_path: Path) -> None:
    path = tmp_path / "h<i>.png"
    Image.new("RGB", (200, 160), "#708050").save(path)
    found = explanation(NETS, path)
    with Explanations("h<b>", tmp_path / "why", tmp_path / "why.html") as album:
        album.add(found)
        album.add(replace(found, layers=[replace(found.top, groups=found.top.groups[3:])]))
    assert len(list((tmp_path / "why").glob("*-why*.png"))) == 2
    page = (tmp_path / "why.html").read_text(encoding="utf-8")
    assert page.count("<section") == 2 and "<b>&quot;" not in page and "h&lt;i&gt;.png" in page
    assert "+0.300" in page and "top/3/1" in page and "+9.50" in page
    assert "1. part at the top right" in page and "2. front leg" in page
    picture = explanation_picture(Image.open(path).convert("RGB"), found)
    wide = explanation_picture(Image.open(path).convert("RGB"), replace(found, region=Box(0, 60, 200, 20)))
    assert picture.width == wide.width and picture.height > wide.height
