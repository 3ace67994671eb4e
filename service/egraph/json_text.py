"""JSON that every reader takes: without the numbers and the halves of characters that JSON does not know."""

import json
import math
from collections.abc import Mapping
from typing import Any

from egraph.escape import shown


def dumps(value: Any, indent: int | None = None) -> str:
    """A value as JSON text: infinite numbers and those that are none become null, unknown types their text."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent, default=known)
        text.encode()
    except ValueError:
        return json.dumps(finite(value), ensure_ascii=False, allow_nan=False, indent=indent, default=known)
    return text


def known(value: Any) -> Any:
    """A stand-in for a type that JSON does not know: numpy's scalars and arrays, paths, the database's dates."""
    if isinstance(value, Mapping):
        return finite(value)
    tolist = getattr(value, "tolist", None)
    return finite(tolist()) if callable(tolist) else shown(str(value))


def finite(value: Any) -> Any:
    """The same value with None for infinite numbers and for those that are none, and text without lone surrogates."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, str):
        return shown(value)
    if isinstance(value, Mapping):
        return {shown(str(key)): finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return value
