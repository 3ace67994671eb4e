"""egraph: takes a trained CNN apart and keeps what it finds in a graph database."""

__version__ = "0.1.0"
