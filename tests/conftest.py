"""What all tests share: where real data and real Neo4j servers are, and an egraph of their own.

EGRAPH_TEST_DATA         folder with `animalpart/` and `weights/`; tests marked `data` are skipped without it
NEO4J_URI, …             a Neo4j that may be emptied; tests marked `neo4j` are skipped without it
EGRAPH_TEST_NEO4J_URIS   several such servers, comma separated, with the same user and password
EGRAPH_TEST_REQUIRE      marks, comma separated, whose skipped tests count as failed
"""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from egraph.settings import Settings, load_settings
from egraph_cli.driver import driver_alone
from support.servers import NEO4J_URIS, listed

# As commands have it, so that a value of numpy's that they gave it would fail here too.
with driver_alone():
    import neo4j  # noqa: F401

# A shell starts background jobs with interrupts ignored, and every command that a test spawns would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

CONNECTION = ("NEO4J_URI", "NEO4J_USERNAME", "NEO4J_PASSWORD", "NEO4J_DATABASE")


REQUIRED = listed("EGRAPH_TEST_REQUIRE")

# The whole check gives the same answer for the same code; whoever runs tests by hand looks at new examples every time.
settings.register_profile("same examples", derandomize=True)
if REQUIRED:
    settings.load_profile("same examples")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("neo4j") and not NEO4J_URIS:
            item.add_marker(pytest.mark.skip(reason="needs a Neo4j: set NEO4J_URI"))
        if item.get_closest_marker("data") and not os.environ.get("EGRAPH_TEST_DATA"):
            item.add_marker(pytest.mark.skip(reason="needs real photos and weights: set EGRAPH_TEST_DATA"))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """All tests of one server run in the same of several processes, for they would see what others leave there; a
    file's other tests share what the file made, and stay together."""
    from xdist.scheduler import LoadScopeScheduling

    class ByServerAndFile(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return next((uri for uri in NEO4J_URIS if uri in nodeid), nodeid.partition("::")[0])

        def _assign_work_unit(self, node: Any) -> None:
            # What takes long goes first, so that in the end nobody works alone: a file of one test may take a minute.
            long = (scope for scope in self.workqueue if scope in NEO4J_URIS or "acceptance" in scope)
            self.workqueue.move_to_end(next(long, next(iter(self.workqueue))), last=False)
            super()._assign_work_unit(node)

    return ByServerAndFile(config, log)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Three processes for two processors: some of them wait for a database, a child process or a disk."""
    return (os.cpu_count() or 1) * 3 // 2


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "neo4j_uri" in metafunc.fixturenames:
        metafunc.parametrize("neo4j_uri", NEO4J_URIS or ["bolt://unset"], scope="session")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    missing = [mark for mark in REQUIRED if item.get_closest_marker(mark)]
    if missing and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, but EGRAPH_TEST_REQUIRE wants {', '.join(missing)}: {report.longrepr[2]}"
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how the tests that were skipped are run."""
    reasons = [str(report.longrepr) for report in terminalreporter.stats.get("skipped", ())]
    for what, variable in (("Neo4j", "NEO4J_URI"), ("real photos and weights", "EGRAPH_TEST_DATA")):
        count = sum(f"set {variable}" in reason for reason in reasons)
        if count:
            terminalreporter.write_line(f"{count} tests need {what}: set {variable}, see Tests in CONTRIBUTING.md.")


@pytest.fixture(scope="session")
def test_data() -> Path:
    """The folder of real photos and weights."""
    folder = os.environ.get("EGRAPH_TEST_DATA")
    if not folder:
        pytest.skip("needs real photos and weights: set EGRAPH_TEST_DATA")
    return Path(folder)


@pytest.fixture(autouse=True)
def own_environment(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keep every test away from the user's database and settings; only tests marked `neo4j` see a server."""
    private = tmp_path_factory.mktemp("user")
    for variable in [name for name in os.environ if name.startswith("EGRAPH_") and "_TEST_" not in name]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("EGRAPH_HOME", str(private / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(private / "config"))
    monkeypatch.setenv("EGRAPH_WAL_FLUSH", "0")
    monkeypatch.setenv("EGRAPH_IDLE_MINUTES", "2")
    if not request.node.get_closest_marker("neo4j"):
        for variable in CONNECTION:
            monkeypatch.delenv(variable, raising=False)


@pytest.fixture
def egraph_home(own_environment: None) -> Iterator[Path]:
    """A home of its own for the embedded database, which is stopped at the end."""
    from egraph.graph import embedded

    home = Path(os.environ["EGRAPH_HOME"])
    home.mkdir(parents=True, exist_ok=True)
    yield home
    embedded.stop(load_settings(home=home))


@pytest.fixture(scope="session")
def neo4j_settings(neo4j_uri: str, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """How to reach one of the Neo4j servers; a test that asks for it runs once for each."""
    return load_settings(neo4j_uri=neo4j_uri, home=tmp_path_factory.mktemp("home"))


@pytest.fixture
def neo4j_environment(neo4j_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Point this process and the commands it spawns to one of the Neo4j servers."""
    monkeypatch.setenv("NEO4J_URI", str(neo4j_settings.neo4j_uri))
    return neo4j_settings
