"""torchvision without torch's compiler, which takes ten times as long to import.

torchvision asks the compiler, as it is imported, for one function that only the heads of detectors call. This function
is given to it here, and imports the compiler when it is called.
"""

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

COMPILER = "torch._dynamo"


def import_models() -> ModuleType:
    """The module `torchvision.models`. A torchvision that asks the compiler for more is imported with it."""
    if COMPILER not in sys.modules:
        with _stand_in():
            try:
                return importlib.import_module("torchvision.models")
            except (ImportError, AttributeError):
                pass
    return importlib.import_module("torchvision.models")


@contextmanager
def _stand_in() -> Iterator[None]:
    """Inside, the compiler is a module with that one function."""
    compiler, utils = ModuleType(COMPILER), ModuleType(f"{COMPILER}.utils")
    vars(utils)["is_compile_supported"] = _is_compile_supported
    stand_ins = {COMPILER: compiler, utils.__name__: utils}
    sys.modules |= stand_ins
    try:
        yield
    finally:
        for name in stand_ins:
            del sys.modules[name]


def _is_compile_supported(device: str) -> bool:
    return bool(importlib.import_module(f"{COMPILER}.utils").is_compile_supported(device))
