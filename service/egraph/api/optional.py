"""What a caller may leave out."""

from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")


def given(kind: Callable[[Any], T], value: Any) -> T | None:
    """The value as `kind` makes it, for example a Path; None where it was not given."""
    return None if value is None else kind(value)
