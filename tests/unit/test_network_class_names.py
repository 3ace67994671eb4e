"""What a network's classes are called, and which one is meant."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from egraph.errors import InputError, UsageError
from egraph.network.class_names import ClassNames, class_names


def network(name: str, **module: object) -> SimpleNamespace:
    return SimpleNamespace(name=name, module=SimpleNamespace(**module))


def test_names_are_those_of_the_file_the_module_or_published_weights(tmp_path: Path) -> None:
    sorrel = class_names(network("resnet50"), 1000)  # type: ignore[arg-type]
    assert sorrel.name(339) == "sorrel" and sorrel.number("Sorrel") == sorrel.number("339") == 339
    own = class_names(network("resnet50", classes=("a", "b")), 2)  # type: ignore[arg-type]
    assert own.names == ("a", "b")
    assert not class_names(network("resnet50"), 7).names, "another number of classes has other names"  # type: ignore[arg-type]
    assert class_names(network("own:network"), 3).name(2) == "class 2"  # type: ignore[arg-type]
    lines, listed = tmp_path / "lines.txt", tmp_path / "list.json"
    lines.write_text("horse\n\ncow\n")
    listed.write_text(json.dumps(["horse", "cow"]))
    for file in (lines, listed):
        assert class_names(network("resnet50"), 2, file).names == ("horse", "cow")  # type: ignore[arg-type]


@pytest.mark.parametrize("content", [b"a\nb\n", b'["a", 3, "c"]', b'["a", ', b"\xff\xfe"])
def test_a_file_of_names_that_does_not_fit_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "names"
    file.write_bytes(content)
    with pytest.raises(InputError, match="names"):
        class_names(network("resnet50"), 3, file)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="cannot be read"):
        class_names(network("resnet50"), 3, tmp_path / "none")  # type: ignore[arg-type]


def test_an_unknown_class_is_answered_with_the_nearest() -> None:
    names = ClassNames(3, ("horse", "house", "cow"))
    with pytest.raises(UsageError, match=r"hrse.*horse"):
        names.number("hrse")
    with pytest.raises(UsageError, match="0 to 2"):
        names.number("3")
    with pytest.raises(UsageError, match="--classes"):
        ClassNames(3).number("horse")
