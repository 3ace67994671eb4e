"""What Neo4j Browser takes in: the archive of saved Cypher, and the style sheet."""

import io
import re
import zipfile

from egraph.commands.demo import KIND, NAME, NETWORK
from egraph.graph import browser
from egraph.graph.statements import folder, names
from egraph.network.load import load_network

LABELS = (
    *("Network", "Layer", "Filter", "ExplanatoryGraph", "Pattern", "Object", "Part"),
    *("AndOrGraph", "Template", "Edit"),
)


def test_the_archive_is_up_to_date() -> None:
    there = (folder() / browser.ARCHIVE).read_bytes()
    assert there == browser.pack(), "pack it again with `make browser`"
    with zipfile.ZipFile(io.BytesIO(there)) as archive:
        found = {name: archive.read(name).decode() for name in archive.namelist()}
    assert set(found) == {f"egraph/{name}.cypher" for name in ("0-parameters", *names("browser"), *names("questions"))}
    for text in found.values():
        # Neo4j Browser shows the first comment as the name of a favourite.
        assert text.startswith("// ")


def test_one_name_means_one_thing() -> None:
    types: dict[str, set[str]] = {}
    for one in browser.saved():
        for parameter in one.parameters:
            types.setdefault(parameter.name, set()).add(parameter.type)
    assert {name: kinds for name, kinds in types.items() if len(kinds) > 1} == {}


def test_every_parameter_is_set() -> None:
    lines = re.findall(r"^:param (\w+) => (.+);$", browser.set_parameters(), re.MULTILINE)
    assert {name for name, _ in lines} == set(browser.parameters())
    required = {name for name, parameter in browser.parameters().items() if parameter.required}
    assert {name for name, value in lines if value == "null"} & required == set()
    assert set(browser.EXAMPLES) <= set(browser.parameters())


def test_the_pattern_to_begin_with_is_one_of_the_demo() -> None:
    assert browser.EXAMPLES["pattern"].startswith(
        f"{load_network(NETWORK).id}/{KIND}/{NAME}/{browser.EXAMPLES['layer']}/"
    )


def test_every_label_has_a_style() -> None:
    sheet = (folder() / "browser/style.grass").read_text(encoding="utf-8")
    assert sheet.count("{") - sheet.count("}") == 0
    for label in LABELS:
        style = re.search(rf"^node\.{label} {{(.*?)^}}", sheet, re.MULTILINE | re.DOTALL)
        assert style and {"color", "diameter", "caption"} <= set(re.findall(r"^  ([a-z-]+):", style[1], re.MULTILINE))
