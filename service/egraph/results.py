"""What a command gives back: frozen dataclasses, whose JSON is made from their fields, so that none is left out."""

from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from egraph.photos.photo import Box


class Result:
    """A base of frozen dataclasses."""

    def to_json(self) -> dict[str, Any]:
        """For programs: plain values, by the fields' names."""
        return {field.name: plain(getattr(self, field.name)) for field in fields(self)}  # type: ignore[arg-type]


def plain(value: Any) -> Any:
    """A value as JSON has them: a box is `[x, y, width, height]`, a path its text."""
    if isinstance(value, Result):
        return value.to_json()
    if isinstance(value, Box):
        return [value.x, value.y, value.width, value.height]
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return str(value) if isinstance(value, Path) else value
