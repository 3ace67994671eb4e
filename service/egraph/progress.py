"""Being told how far a long step is."""

from collections.abc import Callable

Progress = Callable[[str, int, int], None]
"""Told a stage's name, how much of it is done, and how much there is. It may raise to end the work there."""


def report(progress: Progress | None, stage: str, done: int, total: int) -> None:
    """Tell `progress`, where there is one."""
    if progress:
        progress(stage, done, total)
