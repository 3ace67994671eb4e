"""What Tab proposes in a real bash."""

import subprocess
import sys
from pathlib import Path

import pytest

from egraph.graph.connection import open_database
from egraph.graph.parts import add_labels
from egraph.graph.write import write_graph
from egraph.settings import load_settings
from reference.questions import with_parts
from support.synthetic import synthetic_graph

COMMAND = Path(sys.executable).parent / "egraph"
SCRIPT = """
eval "$({command} --show-completion bash)"
COMP_WORDS=("${{@}}"); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); COMP_LINE="${{COMP_WORDS[*]}}"
_egraph_completion {command}
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


def proposed(*words: str) -> list[str]:
    """The proposals for the last of the words, given as bash cuts them."""
    script = SCRIPT.format(command=COMMAND)
    done = subprocess.run(
        ["bash", "--norc", "-c", script, "bash", "egraph", *words], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0 and not done.stderr, done.stderr
    return done.stdout.split()


@pytest.fixture
def graph(egraph_home: Path) -> str:
    mined = synthetic_graph("horse")
    with open_database(load_settings()) as database:
        write_graph(database, mined)
        add_labels(database, with_parts(mined), "horse", "head")
    return mined.id


def test_bash(graph: str) -> None:
    assert "fires-together" in proposed("query", "fires")
    assert proposed("query", "fires-together", "-P", "cat") == ["category="]
    assert proposed("query", "fires-together", "-P", "category", "=") == ["horse"]
    assert proposed("query", "fires-together", "-P", "category", "=", "ho") == ["horse"]
    assert proposed("query", "fires-together", "-P", "category", "=", "horse", "-P", "part", "=", "h") == ["head"]
    assert proposed("query", "fires-together", "-P", "category", "=", "x") == []
    assert proposed("part", "remove", "--category", "") == ["horse"]
    assert proposed("part", "remove", "--category", "horse", "--part", "") == ["head"]
    network, _, rest = graph.partition("@")
    assert proposed("export", network[:2]) == [graph]
    assert proposed("export", network, "@", rest[:3]) == [rest]


def test_without_a_database_nothing_is_proposed_and_nothing_started(egraph_home: Path) -> None:
    assert proposed("query", "fires-together", "-P", "category", "=") == []
    assert proposed("export", "") == []
    assert not list(egraph_home.iterdir())
