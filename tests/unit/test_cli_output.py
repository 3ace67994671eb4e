"""The four formats, as other programs and people read them."""

import csv
import io
import json
import math
import re
import shlex
from typing import Annotated

import numpy as np
import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from egraph.graph.questions import unknown
from egraph.graph.statements import statement
from egraph.json_text import dumps
from egraph.photos.photo import Skipped
from egraph_cli.main import say
from egraph_cli.output import CONTROLS, Format, cell, formats, printable, skipped_lines, write_rows, write_table

COLUMNS = ["id", "strength", "layers"]
ROWS = [
    {"id": "horse/head, left", "strength": 0.123456789, "layers": ["layer2", "layer3"]},
    {"id": 'a "quoted" pferd ü', "strength": None, "layers": []},
]


def printed(capsys: pytest.CaptureFixture[str], output: Format, **more: object) -> str:
    write_rows(output, COLUMNS, ROWS, **more)
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out


def test_json_is_the_rows_or_the_whole(capsys: pytest.CaptureFixture[str]) -> None:
    assert json.loads(printed(capsys, Format.JSON)) == ROWS
    assert json.loads(printed(capsys, Format.JSON, whole={"rows": ROWS})) == {"rows": ROWS}


def test_nl_is_one_object_per_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert [json.loads(line) for line in printed(capsys, Format.NL).splitlines()] == ROWS


def test_csv_keeps_every_digit_and_quotes(capsys: pytest.CaptureFixture[str]) -> None:
    header, first, second = csv.reader(io.StringIO(printed(capsys, Format.CSV)))
    assert header == COLUMNS
    assert first == ["horse/head, left", "0.123456789", '["layer2", "layer3"]']
    assert second == ['a "quoted" pferd ü', "", "[]"]


def test_a_piped_table_cuts_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    long = "x" * 500
    write_rows(Format.TABLE, ["id", "n"], [{"id": long, "n": 12345}])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["id", "n"]
    assert lines[1].split() == [long, "12,345"]


def test_a_narrow_terminal_gets_a_block_per_row(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "40")
    columns = [f"column_number_{i}" for i in range(6)]
    write_rows(Format.TABLE, columns, [dict.fromkeys(columns, "some longer value")])
    lines = capsys.readouterr().out.splitlines()
    assert lines[:6] == [f"{name}  some longer value" for name in columns]
    write_rows(Format.TABLE, columns, [dict.fromkeys(columns, "some longer value") | {columns[3]: None}])
    lines = capsys.readouterr().out.splitlines()
    assert lines[3] == columns[3] and len(lines) == 6, "no column vanishes"


def test_long_ids_are_shortened_on_a_terminal_only(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = "resnet50@0123456789ab/horse/default/"
    rows = [{"pattern": f"{graph}layer3/17/{i}", "partner": f"{graph}layer4/2/{i}", "dx": 0.5} for i in range(3)]
    write_rows(Format.TABLE, ["pattern", "partner", "dx"], rows)
    assert f"{graph}layer3/17/2" in capsys.readouterr().out
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "50")
    write_rows(Format.TABLE, ["pattern", "partner", "dx"], rows)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"… is {graph}"
    assert lines[4].split() == ["…layer3/17/2", "…layer4/2/2", "0.5"]


def test_a_terminal_gets_whole_values_wrapped(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "40")
    write_rows(Format.TABLE, ["text", "n"], [{"text": "some words " * 7, "n": 1}])
    out = re.sub(r"\x1b\[\d*m", "", capsys.readouterr().out)
    assert out.count("words") == 7
    assert max(map(len, out.splitlines())) <= 40


@pytest.mark.parametrize("width", [20, 40, 60, 90, 200])
def test_no_id_is_cut_on_any_terminal(
    width: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", str(width))
    ids = [f"resnet50@0123456789ab/horse/default/layer3/17/{i}" for i in range(2)]
    rows = [{"pattern": one, "photo": "0123456789ab#10,20,300,400", "note": "some words here"} for one in ids]
    write_rows(Format.TABLE, ["pattern", "photo", "note"], rows)
    words = re.sub(r"\x1b\[\d*m", "", capsys.readouterr().out).split()
    assert {"…layer3/17/0", "…layer3/17/1", "0123456789ab#10,20,300,400"} <= set(words)


@given(st.recursive(st.floats() | st.text() | st.integers() | st.none(), lambda inner: st.lists(inner), max_leaves=8))
def test_json_is_always_valid(value: object) -> None:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    json.loads(dumps({"value": value}), parse_constant=refuse)


def test_json_knows_numpy() -> None:
    values = {"f": np.float32(0.5), "i": np.int64(3), "a": np.array([1.0, math.nan]), "b": np.bool_(True)}
    assert json.loads(dumps(values)) == {"f": 0.5, "i": 3, "a": [1.0, None], "b": True}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (True, "yes"),
        (0.000123456, "0.000123"),
        (299.5, "300"),
        (12345.6, "12,346"),
        (61440, "61,440"),
        ([0.5, 2], "0.5, 2"),
    ],
)
def test_cells_are_for_people(value: object, text: str) -> None:
    assert cell(value) == text


def sample_app() -> typer.Typer:
    app = typer.Typer()

    @app.command()
    @formats
    def sample(count: Annotated[int, typer.Argument(help="How many.")] = 1, *, output: Format) -> None:
        """A sample."""
        write_rows(output, ["n"], [{"n": i} for i in range(count)])

    return app


def test_the_decorator_adds_the_flags() -> None:
    runner = CliRunner()
    assert runner.invoke(sample_app(), ["2", "--nl"]).stdout == '{"n": 0}\n{"n": 1}\n'
    assert json.loads(runner.invoke(sample_app(), ["--json"]).stdout) == [{"n": 0}]
    assert runner.invoke(sample_app(), ["--csv"]).stdout == "n\n0\n"
    assert runner.invoke(sample_app(), []).stdout.split() == ["n", "0"]


def test_two_formats_are_wrong_usage() -> None:
    assert CliRunner().invoke(sample_app(), ["--json", "--csv"]).exit_code == 2


def test_names_that_others_chose_cannot_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    name = "a\x1b]0;owned\x07\x9b2J\nhorse\u202egpj.exe"
    assert printable(name) == "a\\x1b]0;owned\\x07\\x9b2J\\nhorse\\u202egpj.exe"
    assert printable("Pferd äöü 馬 🐴 a\xa0b") == "Pferd äöü 馬 🐴 a\xa0b"
    assert not CONTROLS.search("".join(skipped_lines([Skipped(name, name)])))
    write_table(["photo"], [{"photo": name}])
    say(f"The photo {name} is damaged.")
    shown = capsys.readouterr()
    assert not CONTROLS.search(shown.out.replace("\n", "") + shown.err.replace("\n", ""))
    assert "owned" in shown.out and "owned" in shown.err


@pytest.mark.parametrize("name", ["big horse; rm -rf ~", "it's", "horse"])
def test_commands_in_sentences_can_be_pasted_into_a_shell(name: str) -> None:
    for parameter in statement("questions/fires-together").parameters:
        if parameter.type in ("category", "part"):
            words = shlex.split(re.findall("`(.*?)`", str(unknown(parameter, name, [], name)))[-1])
            assert words[words.index("--category") + 1] == name
            assert parameter.type == "category" or words[words.index("--part") + 1] == name
