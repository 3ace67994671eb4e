"""Writers, removers, placers, labellers and builders stop, die and go on between any two transactions: whatever their
order, a complete graph has exactly what it says, and nothing is left of what was removed.

Somebody who dies in the middle of a transaction leaves what it was before: to stop between two of them is to stop
anywhere. EGRAPH_TEST_EXAMPLES=200 looks at as many orders of events; otherwise few, for a quick check.
"""

import os
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import neo4j
import numpy as np
import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from database.conftest import objects_there, run_file
from database.test_and_or_graphs import sides
from database.test_write import expected_counts, names
from egraph.aog.storage import list_aogs, read_aog, write_aog
from egraph.errors import EgraphError, NothingYetError
from egraph.graph import batches
from egraph.graph.connection import Database
from egraph.graph.content_hash import content_hash
from egraph.graph.delete import delete_category, delete_graph, delete_network
from egraph.graph.failures import MissingError
from egraph.graph.firings import write_firings
from egraph.graph.graphs import count_graph, graphs
from egraph.graph.parts import add_labels, remove_labels, remove_part
from egraph.graph.read import read_graph
from egraph.graph.write import write_graph
from egraph.mining.graph_tables import MinedGraph
from egraph.settings import Settings
from support.synthetic import synthetic_aog, synthetic_graph

EXAMPLES = int(os.environ.get("EGRAPH_TEST_EXAMPLES", "6"))
STEPS = 20
WAIT = 60


class Killed(BaseException):
    """Stands for the end of a process."""


class GatedDatabase(Database):
    """A database that asks before every transaction whether it may go on."""

    def __init__(self, settings: Settings, gate: Callable[[], Any]) -> None:
        self._gate = gate
        super().__init__(settings)

    def _run(self, access: str, work: Callable[[neo4j.ManagedTransaction], Any], shared: bool) -> Any:
        with self._gate():
            return super()._run(access, work, shared)


class Actor:
    """Somebody who does something to the database, as many transactions at a time as it is let."""

    def __init__(self, name: str, settings: Settings, does: Callable[[Database], Any]) -> None:
        self.name, self._settings, self._does = name, settings, does
        self._changed = threading.Condition()
        self._allowed = self._active = self._waiting = 0
        self._killed = self.ended = False
        self.error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def __repr__(self) -> str:
        return self.name

    def _run(self) -> None:
        try:
            database = GatedDatabase(self._settings, lambda: self)
            try:
                self._does(database)
            finally:
                database.close()
        except BaseException as error:
            self.error = error
        with self._changed:
            self.ended = True
            self._changed.notify_all()

    def __enter__(self) -> None:
        with self._changed:
            self._waiting += 1
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._allowed or self._killed)
            self._waiting -= 1
            if self._killed:
                raise Killed
            self._allowed -= 1
            self._active += 1

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._active -= 1
            self._changed.notify_all()

    def go_on(self, transactions: int) -> None:
        """Let it do so many transactions, or what is left."""
        with self._changed:
            self._allowed = transactions
            self._changed.notify_all()

            def rests() -> bool:
                return self.ended or (not self._allowed and not self._active and self._waiting > 0)

            assert self._changed.wait_for(rests, WAIT), f"{self.name} hangs"

    def kill(self) -> None:
        """End it where it is."""
        with self._changed:
            self._killed = True
            self._changed.notify_all()
            assert self._changed.wait_for(lambda: self.ended, WAIT), f"{self.name} does not end"


class Graphs(RuleBasedStateMachine):
    """Two graphs of one network and the same photos, and everything that is done to them."""

    settings: Settings
    database: Database
    category: str

    def __init__(self) -> None:
        super().__init__()
        small: dict[str, Any] = {"filters": (3, 2), "numbers": 2, "anchors": 2, "objects": 5, "parents": 2}
        small |= {"firings_per_object": 3, "salt": self.category}
        one = synthetic_graph(self.category, name="one", **small)
        two = synthetic_graph(self.category, name="two", **small)
        # The same photos, mined again with another outcome.
        anew = replace(one, log_likelihood=-1.0)
        self.mined = {content_hash(mined): mined for mined in (one, two, anew)}
        other = synthetic_graph(f"{self.category}-more", **{**small, "objects": 2, "firings_per_object": 2})
        self.placed_on = [one.objects[0], other.objects[1]]
        self.placed = other.firings
        self.labelled = [replace(o, parts={"head": (o.box,)}) for o in (*one.objects[:2], other.objects[0])]
        self.objects = [o.id for o in (*one.objects, *other.objects)]
        self.actors: list[Actor] = []

    def begin(self, name: str, does: Callable[[Database], Any], transactions: int) -> None:
        self.actors.append(Actor(name, self.settings, does))
        self.actors[-1].go_on(transactions)
        self.look()

    def look(self) -> None:
        """Whoever has ended did what it was asked, was killed, or said why not."""
        for actor in [actor for actor in self.actors if actor.ended]:
            self.actors.remove(actor)
            expected = EgraphError, Killed, type(None)
            if not isinstance(actor.error, expected) or isinstance(actor.error, MissingError):
                raise AssertionError(f"{actor.name} should have said that the graph is removed") from actor.error

    few = precondition(lambda self: len(self.actors) < 4)
    some = precondition(lambda self: self.actors)
    graph = st.integers(0, 2)
    transactions = st.integers(1, 30)

    def at(self, index: int) -> tuple[str, MinedGraph]:
        return list(self.mined.items())[index]

    @few
    @rule(index=graph, transactions=transactions)
    def write(self, index: int, transactions: int) -> None:
        _, mined = self.at(index)
        self.begin(f"write {mined.name}", lambda database: write_graph(database, mined), transactions)

    @few
    @rule(index=graph, transactions=transactions)
    def remove(self, index: int, transactions: int) -> None:
        _, mined = self.at(index)
        self.begin(f"remove {mined.name}", lambda database: delete_graph(database, mined.id), transactions)

    @few
    @rule(transactions=transactions, network=st.booleans())
    def remove_all(self, transactions: int, network: bool) -> None:
        id_ = self.at(0)[1].network_id
        does = (lambda d: delete_network(d, id_)) if network else (lambda d: delete_category(d, self.category))
        self.begin("remove all", does, transactions)

    @few
    @rule(index=graph, transactions=transactions)
    def place(self, index: int, transactions: int) -> None:
        content, mined = self.at(index)
        self.begin(
            f"place {mined.name}",
            lambda d: write_firings(d, mined.id, content, self.placed, self.placed_on, names(mined)),
            transactions,
        )

    @few
    @rule(transactions=transactions, way=st.sampled_from(["add", "add", "remove one", "remove"]))
    def label(self, transactions: int, way: str) -> None:
        does: dict[str, Callable[[Database], Any]] = {
            "add": lambda d: add_labels(d, self.labelled, self.category, "head"),
            "remove one": lambda d: remove_labels(d, self.category, "head", self.labelled[0].sha256),
            "remove": lambda d: remove_part(d, self.category, "head"),
        }
        self.begin(f"labels: {way}", does[way], transactions)

    @few
    @rule(index=graph, transactions=transactions)
    def build(self, index: int, transactions: int) -> None:
        _, mined = self.at(index)
        aog = synthetic_aog(mined, seed=index)
        self.begin(f"build {mined.name}", lambda d: write_aog(d, aog, sides(mined)), transactions)

    @some
    @rule(data=st.data(), transactions=transactions)
    def go_on(self, data: st.DataObject, transactions: int) -> None:
        data.draw(st.sampled_from(self.actors)).go_on(transactions)
        self.look()

    @some
    @rule(data=st.data())
    def kill(self, data: st.DataObject) -> None:
        data.draw(st.sampled_from(self.actors)).kill()
        self.look()

    @invariant()
    def a_complete_graph_has_exactly_what_it_says(self) -> None:
        there = {graph.id: graph for graph in graphs(self.database) if graph.category == self.category}
        for graph in there.values():
            if graph.state != "complete":
                continue
            content = self.database.read("read/graph", graph=graph.id)[0]["graph"]["content"]
            mined = self.mined[content]
            assert content_hash(read_graph(self.database, graph.id)) == content_hash(
                replace(mined, firings=[], peaks=[])
            )
            counted, expected = count_graph(self.database, graph.id), expected_counts(mined)
            assert {**counted, "FIRES_ON": 0} == {**expected, "FIRES_ON": 0}
            self.check_firings(graph.id, mined)
            for row in run_file(self.settings, self.database, "sums_of_graph.cypher", graph=graph.id):
                assert row["said"] == row["there"], row
        for aog in list_aogs(self.database, self.category):
            assert aog.graph in there and there[aog.graph].state != "writing"
            if there[aog.graph].state == "complete":
                assert aog.current
                mined = self.mined[self.database.read("read/graph", graph=aog.graph)[0]["graph"]["content"]]
                back = read_aog(self.database, aog.id, mined)
                built = synthetic_aog(mined, seed=back.seed)
                np.testing.assert_array_equal(back.mean_evidence, built.mean_evidence)
                for found_template, meant in zip(back.templates, built.templates, strict=True):
                    np.testing.assert_array_equal(found_template.weight, meant.weight)
                assert (back.learnt_from, back.found.objects) == (built.learnt_from, built.found.objects)
        astray = run_file(self.settings, self.database, "astray.cypher", category=self.category, objects=self.objects)
        assert set(astray[0].values()) == {0}, astray

    def check_firings(self, graph: str, mined: MinedGraph) -> None:
        """On each object it fires as it was mined, or as it was placed later."""
        rows = run_file(self.settings, self.database, "firings_of_graph.cypher", graph=graph)
        found = {row["object"]: row["firings"] for row in rows}
        first = Counter(mined.objects[row].id for f in mined.firings for row in f.object.tolist())
        later = Counter(self.placed_on[row].id for f in self.placed for row in f.object.tolist())
        for id_ in self.objects:
            assert found.get(id_, 0) in {first[id_], later[id_]} if id_ in later else found.get(id_, 0) == first[id_]

    def teardown(self) -> None:
        """When all have done, everything can be removed, and nothing is left."""
        for actor in list(self.actors):
            actor.go_on(10_000)
        self.look()
        self.a_complete_graph_has_exactly_what_it_says()
        for graph in graphs(self.database):
            if graph.category == self.category:
                delete_graph(self.database, graph.id)
        with suppress(NothingYetError):
            delete_category(self.database, self.category)
        astray = run_file(self.settings, self.database, "astray.cypher", category=self.category, objects=self.objects)
        assert set(astray[0].values()) == {0}, astray
        assert not objects_there(self.database, self.objects)


def test_any_order_of_events(
    settings: Settings, database: Database, category: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "BATCH_ROWS", 6)
    monkeypatch.setattr("egraph.graph.delete.PATTERNS", 5)
    monkeypatch.setattr("egraph.graph.delete.OBJECTS", 2)
    here = {"settings": settings, "database": database, "category": category}
    machine = type("GraphsHere", (Graphs,), here)
    machine.TestCase.settings = hypothesis_settings(
        max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None, suppress_health_check=list(HealthCheck)
    )
    machine.TestCase().runTest()
