"""What a worker logs: lines of text or JSON on standard error, and a job's own lines in its node."""

import json
import logging
import sys
from collections.abc import MutableMapping
from datetime import UTC, datetime
from typing import Any, Literal

LOGGER = logging.getLogger("egraph.worker")

FIELDS = ("worker", "job", "layer", "iteration", "total")
"""What a line may carry besides its text; `iteration` of `total` is what is done of the stage."""


def time_of(record: logging.LogRecord) -> str:
    """When it was logged, in UTC."""
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")


def fields_of(record: logging.LogRecord) -> dict[str, object]:
    """The fields that a record carries."""
    return {name: value for name in FIELDS if (value := getattr(record, name, None)) is not None}


class TextFormatter(logging.Formatter):
    """`time level text  job=… layer=… iteration=…`"""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        pairs = " ".join(f"{name}={value}" for name, value in fields_of(record).items())
        text = f"{time_of(record)} {record.levelname.lower()} {record.getMessage()}"
        trace = f"\n{self.formatException(record.exc_info)}" if record.exc_info else ""
        return (f"{text}  {pairs}" if pairs else text) + trace


class JsonFormatter(logging.Formatter):
    """One JSON object per line."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        line = {"time": time_of(record), "level": record.levelname.lower(), "message": record.getMessage()}
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line | fields_of(record), ensure_ascii=False)


class Fields(logging.LoggerAdapter[logging.Logger]):
    """Adds fields to every line; a line's own come on top."""

    def process(self, msg: object, kwargs: MutableMapping[str, Any]) -> tuple[object, MutableMapping[str, Any]]:
        """The line with the fields."""
        return msg, {**kwargs, "extra": {**(self.extra or {}), **kwargs.get("extra", {})}}


class JobLines(logging.Handler):
    """Collects a job's lines for its node; the heartbeat takes them out."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one line."""
        pairs = "".join(
            f" {name}={value}" for name, value in fields_of(record).items() if name not in ("worker", "job")
        )
        self.lines.append(f"{time_of(record)} {record.getMessage()}{pairs}")


def log_to_stderr(form: Literal["text", "json"]) -> None:
    """Send the worker's lines to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if form == "json" else TextFormatter())
    LOGGER.handlers = [handler]
    LOGGER.setLevel(logging.INFO)
    LOGGER.propagate = False
    # what the other rooms warn of, such as a damaged file
    logging.getLogger("egraph").handlers = [handler]
    # The driver speaks of every retry, in lines of its own, over several lines; we say what matters.
    logging.getLogger("neo4j").addHandler(logging.NullHandler())
