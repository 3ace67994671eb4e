"""What is imported for a network: torchvision for its own networks alone, and torch's compiler for none."""

import subprocess
import sys

import pytest

PRINT = "print([name for name in ('torchvision', 'torch._dynamo') if name in sys.modules])"
FUNCTION = """
import torchvision.ops.roi_align
function = sys.modules["torchvision.ops.roi_align"].is_compile_supported
from torch._dynamo.utils import is_compile_supported
print(function("cpu") is is_compile_supported("cpu"), "torch._dynamo" in sys.modules)
"""
EMPTY = """
from egraph.network import torchvision_alone
torchvision_alone.vars = lambda module: {}
"""


def said(*code: str) -> list[str]:
    """What a Python that runs this code prints."""
    command = [sys.executable, "-c", "\n".join(("import sys", *code))]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.splitlines()


def load(name: str) -> str:
    return f"from egraph.network.load import load_network; load_network({name!r}, 'random')"


@pytest.mark.parametrize(("name", "imported"), [("egraph.demo.network:animals", []), ("resnet18", ["torchvision"])])
def test_what_a_network_needs_is_imported(name: str, imported: list[str]) -> None:
    assert said(load(name), PRINT) == [str(imported)]


def test_what_torchvision_asks_of_the_compiler_is_answered_by_the_compiler() -> None:
    assert said(load("resnet18"), FUNCTION) == ["True True"]


def test_a_torchvision_that_asks_for_more_gets_it() -> None:
    assert said(EMPTY, load("resnet18"), PRINT) == ["['torchvision', 'torch._dynamo']"]
