"""The graph database: connecting, writing what was mined, reading it back, asking."""
