"""Asking the graph database, and taking graphs out of it."""

from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from egraph.api.optional import given
from egraph.commands import ask as asking
from egraph.commands.ask import QuestionList
from egraph.errors import UsageError
from egraph.graph import questions as question_answers
from egraph.graph import read_only
from egraph.progress import Progress
from egraph.settings import Settings, load_settings

if TYPE_CHECKING:
    from egraph.commands.open_aog import OpenedAndOrGraph
    from egraph.commands.open_graph import ExplanatoryGraph
    from egraph.exporting.export import Export


def ask(
    question: str | None = None,
    *,
    cypher: str | None = None,
    limit: int | None = None,
    timeout: float | None = None,
    settings: Settings | None = None,
    **parameters: Any,
) -> question_answers.Answer | read_only.Answer:
    """Ask one of the questions, or your own Cypher, which only reads. A notebook shows the rows as a table.

    >>> answer = eg.ask("fires-together", category="horse", part="head", graph="default")
    >>> sorted(answer.rows[0])[:3]
    ['by_chance', 'dx', 'dy']
    >>> answer.to_pandas().shape[1] == len(answer.columns)
    True
    >>> eg.ask(cypher="MATCH (p:Part) WHERE p.name = $name RETURN p.id AS id", name="head").rows
    [{'id': 'horse/head'}]

    Args:
        question: its name; `eg.questions()` lists them.
        cypher: instead of a question, a statement.
        limit: at most so many rows; what the question says, or 1000, unless given.
        timeout: with `cypher`, stop after so many seconds (30).
        settings: as the environment and the settings file say, unless given.
        parameters: of the question or the statement.

    Raises:
        UsageError: the question, a parameter or the statement is wrong.
        NothingYetError: there is nothing to answer with.
    """
    if (question is None) == (cypher is None):
        raise UsageError("Give the name of a question, or cypher=, one of the two.")
    settings = settings or load_settings()
    if cypher is not None:
        return asking.ask_cypher(settings, cypher, parameters, limit, timeout)
    if timeout is not None:
        raise UsageError("timeout= goes with cypher=.")
    return asking.ask_question(settings, str(question), parameters, limit)


def questions() -> QuestionList:
    """The questions that there are, with their parameters.

    >>> "fires-together" in [row["question"] for row in eg.questions().rows]
    True
    """
    return asking.list_questions()


def open_graph(graph: str, name: str | None = None, *, settings: Settings | None = None) -> "ExplanatoryGraph":
    """A graph as arrays: patterns as columns, edges as pairs of rows.

    >>> graph = eg.open_graph("horse", "default")
    >>> edges = graph.edges("CO_ACTIVATES_WITH")
    >>> edges.index.shape == (2, len(edges)), str(edges.index.dtype), edges.values["strength"].shape == (len(edges),)
    (True, 'int64', True)
    >>> graph.patterns["id"][edges.index[0, 0]]
    'animals@.../horse/default/...'
    >>> graph.to_networkx().number_of_nodes() == len(graph) == len(graph.to_pandas())
    True

    Args:
        graph: its id, or a category.
        name: of the graph, where the category has several.
        settings: as the environment and the settings file say, unless given.

    Raises:
        NothingYetError: there is none.
        UsageError: the category has several.
    """
    from egraph.commands import open_graph as opening

    return opening.open_graph(settings or load_settings(), graph, name)


def open_aog(
    category: str,
    part: str,
    *,
    name: str | None = None,
    graph: str | None = None,
    patterns: int = 6,
    settings: Settings | None = None,
) -> "OpenedAndOrGraph":
    """An And-Or graph to look at: the part, its templates, their strongest patterns. A notebook shows it as a picture.

    >>> opened = eg.open_aog("horse", "head", graph="default")
    >>> opened.to_json()["learnt_from"] == opened.tree.learnt_from, opened.picture().width > 100
    (True, True)

    Args:
        category: the kind of object.
        part: the part's name.
        name: of the And-Or graph, where the part has several.
        graph: name of the explanatory graph, where the category has several.
        patterns: so many of each template are drawn.
        settings: as the environment and the settings file say, unless given.

    Raises:
        NothingYetError: there is none, or its graph was mined again since.
        UsageError: several fit.
    """
    from egraph.commands import open_aog as opening

    return opening.open_aog(settings or load_settings(), category, part, name, graph, patterns)


def export(
    graph: str,
    format: str,
    output: str | PathLike[str] | None = None,
    *,
    progress: Progress | None = None,
    settings: Settings | None = None,
) -> "Export":
    """Write a graph, or an And-Or graph with its patterns, to files that other programs read.

    >>> done = eg.export(report.graph, "graphml")
    >>> done.output
    '...-horse-default.graphml'
    >>> done.nodes["Object"]
    22

    Args:
        graph: the id of a graph or of an And-Or graph.
        format: `graphml` or `json`, one file; `csv`, `parquet` or `neo4j-admin`, a folder of tables.
        output: the file or folder to make; without it, one here named like the graph.
        progress: told a stage's name, how much of it is done, and how much there is.
        settings: as the environment and the settings file say, unless given.

    Raises:
        NothingYetError: there is no such graph, or it is not complete.
        UsageError: there is no such format, or the output is there already or cannot be made.
    """
    from egraph.commands.export import export_files
    from egraph.exporting.formats import Format

    if format not in list(Format):
        raise UsageError(f"There is no format {format!r}; there are {', '.join(Format)}.")
    where = given(Path, output)
    return export_files(settings or load_settings(), graph, Format(format), where, progress)
