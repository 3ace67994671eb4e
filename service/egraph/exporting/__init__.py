"""The way out: a graph as files that other programs read."""
