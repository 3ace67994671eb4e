"""A statement that says it takes a lock takes it: of those that look and then write, one at a time does.

Neo4j locks a node whenever a property is set. The embedded engine compares at the commit, and a property that is set to
the value it has is no change to it.
"""

import re
import threading
from typing import Any

from egraph.aog.storage import write_aog
from egraph.graph import statements
from egraph.graph.connection import Database, Transaction, open_database
from egraph.graph.content_hash import content_hash
from egraph.graph.parts import add_labels
from egraph.graph.statements import Statement, parse
from egraph.graph.write import write_graph
from egraph.settings import Settings
from reference.questions import with_parts
from support.synthetic import synthetic_aog, synthetic_graph

ROUNDS = 2
AT_ONCE = 3


def marking(label: str) -> Statement:
    return parse(
        "test/mark",
        f"// Leave a mark, where there is none\nMATCH (n:{label} {{id: $id}})\n"
        "WHERE NOT EXISTS { (n)-[:MARKED]->(:Mark) }\nCREATE (n)-[:MARKED]->(:Mark {id: n.id})\nRETURN 1 AS marked",
    )


COUNT = parse("test/count", "// The marks of a node\nMATCH (m:Mark {id: $id})\nRETURN count(m) AS marks")
CLEAR = parse("test/clear", "// No mark is left\nMATCH (m:Mark {id: $id})\nDETACH DELETE m\nRETURN 1 AS cleared")


def test_locks(settings: Settings, database: Database, category: str) -> None:
    mined = synthetic_graph(category, salt=category)
    write_graph(database, mined)
    add_labels(database, with_parts(mined), category, "head")
    write_aog(database, aog := synthetic_aog(mined), dict.fromkeys([o.id for o in mined.objects], False))
    content = content_hash(mined)
    held: list[tuple[str, str, str, dict[str, Any]]] = [
        (
            "write/hold_graph",
            "ExplanatoryGraph",
            mined.id,
            {"graph": mined.id, "content": content, "states": ["complete"]},
        ),
        ("write/network", "Network", mined.network_id, {"id": mined.network_id, "properties": {}}),
        ("aog/hold", "AndOrGraph", aog.id, {"id": aog.id, "content": content}),
        ("parts/forget_places", "Part", f"{category}/head", {"category": category, "part": "head", "all": False}),
    ]
    for name, label, id, parameters in held:
        mark = marking(label)

        def work(
            transaction: Transaction,
            name: str = name,
            id: str = id,
            parameters: dict = parameters,
            mark: Statement = mark,
        ) -> None:
            transaction.run(name, **parameters)
            transaction.run(mark, id=id)

        for _ in range(ROUNDS):
            at_once(settings, work)
            assert database.read(COUNT, id=id)[0]["marks"] == 1, name
            database.write(CLEAR, id=id)


def at_once(settings: Settings, work: Any) -> None:
    """Several connections do the same in one transaction each, beginning together."""
    failed: list[Exception] = []
    begin = threading.Barrier(AT_ONCE)

    def connect() -> None:
        try:
            with open_database(settings) as own:
                begin.wait()
                own.transaction(work)
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=connect) for _ in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed


def test_no_lock_is_taken_by_setting_what_is() -> None:
    texts = {path: path.read_text(encoding="utf-8") for path in statements.folder().rglob("*.cypher")}
    assert sum(" lock" in text for text in texts.values()) > 10
    for path, text in texts.items():
        body = "\n".join(line for line in text.splitlines() if not line.startswith("//"))
        assert not re.search(r"SET\s+(\w+\.\w+) = \1\b(?! \+)", body), path
        assert (" lock" not in text) or re.search(r"(\w+\.(held|changes)) = (coalesce\(\1, 0\)|\1) \+ 1", body), path
