"""Labels that a person drew."""

from dataclasses import replace

import pytest

from database.conftest import objects_there
from egraph.errors import NothingYetError, UsageError
from egraph.graph.connection import Database
from egraph.graph.parts import LabelledPart, add_labels, labelled_objects, list_parts, remove_part
from egraph.graph.write import write_graph
from egraph.photos.photo import Box
from support.synthetic import synthetic_graph, synthetic_objects


def parts_of(database: Database, category: str) -> list[LabelledPart]:
    return [part for part in list_parts(database) if part.category == category]


def test_labels_are_kept_once_and_come_back(database: Database, category: str) -> None:
    one, two = synthetic_objects(2, seed=3, salt=category)
    one = replace(one, parts={"leg": (Box(1, 2, 3, 4), Box(1.5, 2.25, 3, 4)), "head": (Box(5, 6, 7, 8),)})
    two = replace(two, parts={"head": (Box(9, 10, 11, 12),)})
    for expected in (2, 0):
        assert add_labels(database, [one, two], category, "leg") == expected
        assert add_labels(database, [one, two], category, "head") == expected
    paths = sorted(str(o.path) for o in (one, two))
    assert parts_of(database, category) == [
        LabelledPart(category, "head", 2, 2, 2, paths),
        LabelledPart(category, "leg", 1, 2, 1, [str(one.path)]),
    ]
    assert labelled_objects(database, category) == sorted([one, two], key=lambda o: o.id)


def test_removing_a_part_keeps_the_other_and_what_was_mined(database: Database, category: str) -> None:
    mined = synthetic_graph(category)
    write_graph(database, mined)
    seen, unseen = mined.objects[0], synthetic_objects(1, seed=4, salt=category)[0]
    boxes = {"head": (Box(0, 0, 5, 5),), "leg": (Box(1, 1, 5, 5),)}
    objects = [replace(seen, parts=boxes), replace(unseen, parts=boxes)]
    add_labels(database, objects, category, "head")
    add_labels(database, objects, category, "leg")
    assert [part.photos_without_graph for part in parts_of(database, category)] == [[str(unseen.path)]] * 2
    assert remove_part(database, category, "head") == 2
    assert [part.part for part in parts_of(database, category)] == ["leg"]
    assert remove_part(database, category, "leg") == 2
    assert objects_there(database, [seen.id, unseen.id]) == [seen.id], "only the object that nothing needs is gone"
    with pytest.raises(NothingYetError):
        remove_part(database, category, "leg")


def test_names_that_would_mix_ids_are_refused(database: Database) -> None:
    with pytest.raises(UsageError):
        add_labels(database, [], "horse", "left/leg")
