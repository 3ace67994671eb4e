"""How the command line ends: sentences and exit codes."""

import errno
import signal
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from egraph.commands.mine import MineReport
from egraph.errors import DatabaseError, EgraphError, InputError, NothingYetError, UsageError
from egraph.photos.photo import Skipped
from egraph_cli.main import INTERRUPTED, app, failure
from egraph_cli.mine import summary

runner = CliRunner()


@pytest.mark.parametrize(
    ("kind", "code"), [(EgraphError, 1), (UsageError, 2), (InputError, 3), (DatabaseError, 4), (NothingYetError, 5)]
)
def test_each_kind_of_error_has_its_code(kind: type[EgraphError], code: int) -> None:
    assert failure(kind("A sentence.")) == ("A sentence.", code)


def test_a_full_disk_is_said() -> None:
    sentence, code = failure(OSError(errno.ENOSPC, "No space left on device", "peaks.bin"))
    assert (code, sentence) == (
        1,
        "The disk is full (peaks.bin); make room and run the same command again, it goes on from there.",
    )


def test_the_unexpected_is_one_line() -> None:
    sentence, code = failure(ValueError("two\nlines"))
    assert code == 1
    assert sentence == "egraph failed (ValueError: two lines); set EGRAPH_DEBUG=1 to see where, and report it."


def ended(body: str, **more) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process where `egraph db status` does `body`."""
    program = f"""
import sys
from egraph.graph import embedded
from egraph_cli.main import run
def status(settings):
    {body}
embedded.status = status
sys.argv = ["egraph", "db", "status"]
run()
"""
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, **more)


def test_an_interrupt_is_130_with_a_sentence() -> None:
    process = ended(f"import os; os.kill(os.getpid(), {int(signal.SIGINT)}); import time; time.sleep(5)")
    assert process.returncode == 130
    assert process.stderr.strip() == INTERRUPTED


def test_an_error_while_an_interrupt_is_handled_is_an_interrupt() -> None:
    body = """
    try:
        raise KeyboardInterrupt
    finally:
        raise BufferError("Existing exports of data")"""
    process = ended(body.lstrip())
    assert process.returncode == 130 and process.stderr.strip() == INTERRUPTED


def test_no_traceback_unless_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    process = ended("raise ValueError('boom')")
    assert process.returncode == 1
    assert process.stderr.count("\n") == 1
    assert "boom" in process.stderr
    monkeypatch.setenv("EGRAPH_DEBUG", "1")
    assert "Traceback" in ended("raise ValueError('boom')").stderr


def test_a_reader_that_left_is_no_error() -> None:
    command = [sys.executable, "-m", "egraph_cli", "mine", "--help"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == b""
    process.wait(timeout=30)
    process.stderr.close()


@pytest.mark.parametrize(
    "arguments", [["--help"], ["query"], ["query", "--help"], ["db", "status"], ["mine", "--help"]]
)
def test_quick_commands_do_not_import_torch(arguments: list[str]) -> None:
    program = f"""
import sys
from egraph_cli.main import run
sys.argv = ["egraph", *{arguments!r}]
try:
    run()
except SystemExit as end:
    assert not end.code, end.code
heavy = {{"torch", "torchvision", "sklearn", "scipy"}} & set(sys.modules)
sys.exit(f"imported {{heavy}}" if heavy else 0)
"""
    process = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30)
    assert process.returncode == 0, process.stderr


def test_wrong_usage_is_2() -> None:
    for arguments in (["nope"], ["mine"], ["query", "--limit", "0"], ["layers", "resnet50", "--json", "--csv"]):
        assert runner.invoke(app, arguments).exit_code == 2, arguments


def test_the_summary_names_ten_skipped_photos_and_counts_the_rest() -> None:
    report = MineReport(
        graph="resnet50@0123456789ab/horse/default",
        counts={"patterns": 12345, "CO_ACTIVATES_WITH": 40000, "DISPLACED_FROM": 50000, "FIRES_ON": 30000},
        used=300,
        skipped=[Skipped(f"{i}.jpg", "is empty") for i in range(13)],
        seconds={"forward": 61.0, "mining": 5.2, "writing": 2.0},
    )
    lines = summary(report, "horse")
    assert "  12,345 patterns" in lines
    assert "  forward 1:01 min, mining 5 s, writing 2 s" in lines
    assert "  300 objects used, 13 skipped" in lines
    assert "  40,000 co-activations and 50,000 displacements between them" in lines
    assert "  9.jpg: is empty" in lines and "  10.jpg: is empty" not in lines
    assert "  and 3 more; --json names them all" in lines
    assert lines[-1].endswith("egraph query fires-together -P category=horse -P part=head")
