"""Settings: a flag wins over the environment, the environment over the file; times may have a unit."""

from pathlib import Path

import pytest

from egraph.errors import UsageError
from egraph.settings import load_settings


def test_a_flag_wins_over_the_environment_and_that_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "egraph.toml"
    file.write_text('poll = "3s"\nlease = 30\npatience = "2m"\n')
    environment = {"EGRAPH_CONFIG": str(file), "EGRAPH_LEASE": "40s", "EGRAPH_POLL": "1"}
    settings = load_settings(environment, poll="500ms")
    assert (settings.poll, settings.lease, settings.patience) == (0.5, 40.0, 120.0)


@pytest.mark.parametrize("wrong", ["soon", "5 days", "-1", "0"])
def test_a_time_that_cannot_be_is_refused(wrong: str) -> None:
    with pytest.raises(UsageError, match="EGRAPH_LEASE"):
        load_settings({"EGRAPH_LEASE": wrong})
