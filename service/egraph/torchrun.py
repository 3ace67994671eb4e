"""Whether torchrun started this process, together with others."""

import os
from collections.abc import Mapping

STARTED = "TORCHELASTIC_RUN_ID"
"""Set by torchrun alone. A cluster's shell often has WORLD_SIZE and RANK of something else."""


def rank_and_size(environment: Mapping[str, str] = os.environ) -> tuple[int, int]:
    """Which process this is, from 0, of how many; (0, 1) when it was started alone."""
    if STARTED not in environment:
        return 0, 1
    size = int(environment.get("WORLD_SIZE", "1"))
    return (int(environment.get("RANK", "0")), size) if size > 1 else (0, 1)


def own_device(device: str, environment: Mapping[str, str] = os.environ) -> str:
    """`cuda` names no accelerator: processes of one machine then take one each."""
    _, size = rank_and_size(environment)
    return f"cuda:{environment.get('LOCAL_RANK', '0')}" if device == "cuda" and size > 1 else device
