"""Settings: a flag wins over the environment, the environment over the settings file."""

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import platformdirs
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError

from egraph.errors import UsageError

ENVIRONMENT = {
    "neo4j_uri": "NEO4J_URI",
    "neo4j_username": "NEO4J_USERNAME",
    "neo4j_password": "NEO4J_PASSWORD",
    "neo4j_database": "NEO4J_DATABASE",
    "home": "EGRAPH_HOME",
    "idle_minutes": "EGRAPH_IDLE_MINUTES",
    "wal_flush": "EGRAPH_WAL_FLUSH",
    "lease": "EGRAPH_LEASE",
    "poll": "EGRAPH_POLL",
    "patience": "EGRAPH_PATIENCE",
    "concurrency": "EGRAPH_CONCURRENCY",
    "device": "EGRAPH_DEVICE",
    "log_format": "EGRAPH_LOG_FORMAT",
    "metrics_port": "EGRAPH_METRICS_PORT",
}
UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def seconds(value: object) -> object:
    """Seconds from a text such as `2`, `2s`, `500ms` or `1.5m`; anything else as it is."""
    match = re.fullmatch(r"\s*([\d.]+)\s*(ms|s|m|h)\s*", value) if isinstance(value, str) else None
    return float(match[1]) * UNITS[match[2]] if match else value


Seconds = Annotated[float, BeforeValidator(seconds)]


class Settings(BaseModel):
    """Everything that can be set from outside."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    neo4j_uri: str | None = Field(None, description="Bolt address of a Neo4j; without it the embedded database is used")
    neo4j_username: str = "neo4j"
    neo4j_password: SecretStr | None = None
    neo4j_database: str | None = Field(None, description="the server's default database when not set")
    home: Path = Field(
        default_factory=lambda: Path(platformdirs.user_data_dir("egraph")),
        description="folder of the embedded database, caches and checkpoints",
    )
    idle_minutes: float = Field(30.0, gt=0, description="the embedded database stops after so long without a command")
    wal_flush: int = Field(1, ge=0, le=2, description="the embedded database's flush mode; 0 only in tests")
    lease: Seconds = Field(60.0, ge=0.2, description="a worker that is silent for so long loses its job")
    poll: Seconds = Field(2.0, ge=0.05, description="an idle worker looks for jobs so often")
    patience: Seconds = Field(300.0, ge=0, description="a worker goes on so long without the database before it waits")
    concurrency: int = Field(1, ge=1, le=256, description="jobs that a worker does at once")
    device: str | None = Field(None, description="where a worker computes; without it, what the job says")
    log_format: Literal["text", "json"] = "text"
    metrics_port: int | None = Field(None, ge=0, le=65535, description="port of a worker's Prometheus metrics")

    @property
    def embedded(self) -> bool:
        """Whether egraph starts its own database."""
        return self.neo4j_uri is None


def load_settings(environment: Mapping[str, str] = os.environ, **flags: object) -> Settings:
    """Merge flags (None means not given), environment and settings file.

    The file is `EGRAPH_CONFIG`, or `egraph.toml` in the platform's configuration folder; its keys are the fields of
    `Settings`.

    Raises:
        UsageError: the file is no TOML, or a key or value is not valid.
    """
    named = environment.get("EGRAPH_CONFIG")
    file = Path(named) if named else Path(platformdirs.user_config_dir("egraph")) / "egraph.toml"
    values: dict[str, object] = {}
    if named or file.exists():
        try:
            values.update(tomllib.loads(file.read_text(encoding="utf-8")))
        except (OSError, tomllib.TOMLDecodeError) as error:
            raise UsageError(
                f"The settings file {file} cannot be read ({error}); mend it or unset EGRAPH_CONFIG."
            ) from error
    values |= {name: environment[variable] for name, variable in ENVIRONMENT.items() if environment.get(variable)}
    values |= {name: value for name, value in flags.items() if value is not None}
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        source = ENVIRONMENT.get(name, name)
        raise UsageError(f"The setting {source} is not valid: {first['msg']}.") from error
