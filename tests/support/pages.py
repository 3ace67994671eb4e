"""Asks an application of pages without a network, and makes a graph to be looked at."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import unquote

from starlette.types import ASGIApp, Message

from egraph.aog.storage import write_aog
from egraph.browse.gate import Gate
from egraph.graph.connection import Database, open_database
from egraph.graph.delete import delete_graph
from egraph.graph.parts import add_labels, remove_part
from egraph.graph.places import refresh_places
from egraph.graph.write import write_graph
from egraph.mining.graph_tables import MinedGraph
from egraph.photos.photo import Box
from egraph.settings import Settings
from support.synthetic import synthetic_aog, synthetic_graph, with_photos


@dataclass(frozen=True)
class Answered:
    """What an application answered."""

    status: int
    headers: dict[str, str]
    content: bytes

    @property
    def text(self) -> str:
        return self.content.decode()


def ask(app: ASGIApp, gate: Gate, address: str, method: str = "GET", session: bool = True, **headers: str) -> Answered:
    """Ask for an address; with the cookie of the first opening unless `session` is false."""
    path, _, query = address.partition("?")
    sent = {"host": f"127.0.0.1:{gate.port}"} | {name.replace("_", "-"): value for name, value in headers.items()}
    if session:
        sent.setdefault("cookie", f"{gate.cookie}={gate.session}")
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in sent.items()],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", gate.port),
        "root_path": "",
    }
    messages: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        messages.append(message)

    asyncio.run(app(scope, receive, send))
    start = messages[0]
    found = {name.decode(): value.decode("latin-1") for name, value in start["headers"]}
    return Answered(start["status"], found, b"".join(message.get("body", b"") for message in messages[1:]))


@contextmanager
def seen_graph(
    settings: Settings, folder: Path, category: str, part: str = "head"
) -> Iterator[tuple[Database, MinedGraph]]:
    """A graph with photos, a part and an And-Or graph; it is deleted at the end."""
    graph = with_photos(synthetic_graph(category, salt=category, objects=12, parents=2), folder)
    with open_database(settings) as database:
        write_graph(database, graph)
        labelled = [replace(o, parts={part: (Box(20, 20, 60, 50),)}) for o in graph.objects[:3]]
        add_labels(database, labelled, category, part)
        refresh_places(database, graph.id, category)
        write_aog(database, synthetic_aog(graph, part), dict.fromkeys([o.id for o in graph.objects], False))
        yield database, graph
        delete_graph(database, graph.id)
        remove_part(database, category, part)
