"""The users of the embedded database, written before the engine starts.

The engine refuses a user for half a minute after a few wrong passwords, whoever gave them. So egraph's users have names
that are secret too: whoever knows no name can shut nobody out.
"""

import base64
import hashlib
import json
import secrets
from pathlib import Path
from typing import Any

from egraph.atomic_file import whole_file
from egraph.graph.folder import DatabaseFolder

ITERATIONS = 65536
READERS = "reader"
"""The group of the users who may only read."""


def write_users(folder: DatabaseFolder) -> None:
    """Write the two users and what their groups may do; the engine's own users of an earlier start are gone."""
    config = folder.data / "config"
    config.mkdir(parents=True, exist_ok=True)
    users = [
        {"name": folder.user(), "password": hashed(folder.password()), "databases": {"*": ["admin"]}},
        {
            "name": folder.user(reader=True),
            "password": hashed(folder.password(reader=True)),
            "databases": {"*": [READERS]},
        },
    ]
    lines = [json.dumps(user, separators=(",", ":")) + "\n" for user in users]
    with whole_file(config / "server-users.jsonl", mode=0o600) as file:
        file.write("".join(lines).encode())
    write_groups(config / "server-groups.json")


def hashed(password: str) -> str:
    """A password as the engine keeps it."""
    salt = base64.b64encode(secrets.token_bytes(32)).decode()
    key = hashlib.pbkdf2_hmac("sha256", password.encode(), salt.encode(), ITERATIONS, 32)
    return f"PBKDF2WithHmacSHA256${ITERATIONS}${salt}${base64.b64encode(key).decode()}"


def write_groups(path: Path) -> None:
    """Say what the engine's users may do: administrators everything, readers read, everybody else nothing."""

    def group(rights: list[str], records: list[str]) -> dict[str, Any]:
        types = {"*": {"access": records}}
        return {"resultSetLimit": -1, "readTimeout": -1, "access": rights, "types": types}

    groups = {
        "admin": group(
            ["updateSecurity", "updateSchema", "updateDatabaseSettings"],
            ["createRecord", "readRecord", "updateRecord", "deleteRecord"],
        ),
        READERS: group([], ["readRecord"]),
        "*": group([], []),
    }
    with whole_file(path) as file:
        file.write(json.dumps({"databases": {"*": {"groups": groups}}, "version": 2}).encode())
