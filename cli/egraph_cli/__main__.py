"""`python -m egraph_cli` is `egraph`."""

from egraph_cli.main import run

run()
