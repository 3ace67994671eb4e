"""The database's driver, without what it only looks for.

The driver imports numpy, pandas and pyarrow where they are installed, to take their values as parameters. No command
gives it such values, and importing these takes longer than most questions. Python programs that use egraph and the
driver get it as it is.
"""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from types import ModuleType

UNNEEDED = ("numpy", "pandas", "pyarrow")


class _DriverAlone:
    """Finds nothing; while the driver is being imported, says that these packages are not installed."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        driver = sys.modules.get("neo4j")
        if fullname in UNNEEDED and driver is not None and not hasattr(driver, "GraphDatabase"):
            raise ModuleNotFoundError(f"{fullname} is left out", name=fullname)
        return None


@contextmanager
def driver_alone() -> Iterator[None]:
    """Import the driver, whenever it is imported in here, without the packages that no command needs it to know."""
    finder = _DriverAlone()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
