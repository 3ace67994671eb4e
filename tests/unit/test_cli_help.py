"""Every command is explained, in its help and in the README."""

import re
from pathlib import Path

import pytest
import typer.main

from egraph.graph.statements import parse
from egraph_cli.main import app

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"


def commands() -> dict[str, typer.core.TyperCommand]:
    """All commands by what one types behind `egraph`."""
    found = {}

    def walk(command, words: tuple[str, ...]) -> None:
        if hasattr(command, "commands"):
            for name, inner in command.commands.items():
                walk(inner, (*words, name))
        else:
            found[" ".join(words)] = command

    walk(typer.main.get_command(app), ())
    return found


COMMANDS = commands()


def test_the_commands_are_there() -> None:
    assert {"layers", "mine", "query", "demo", "part import", "part list", "part remove"} <= set(COMMANDS)
    assert {"db start", "db stop", "db status", "db init"} <= set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_has_help(name: str) -> None:
    command = COMMANDS[name]
    assert command.help and command.help.strip().endswith((".", "part=head")), f"egraph {name} has no help text"
    for parameter in command.params:
        assert getattr(parameter, "help", None), f"egraph {name}: {parameter.name} has no help text"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_in_the_readme(name: str) -> None:
    text = README.read_text(encoding="utf-8")
    assert re.search(rf"\begraph {re.escape(name)}\b", text), f"README.md does not tell of `egraph {name}`"


def test_the_example_question_of_contributing_is_understood() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    example = re.search(r"```cypher\n(.*?)```", text, re.DOTALL)
    assert example
    question = parse("questions/how-many", example[1])
    assert [(p.name, p.type, p.required, p.default) for p in question.parameters] == [
        ("category", "category", True, None),
        ("support", "integer", False, 1),
    ]
