"""A server of pages on loopback: every pattern of every graph, made when it is asked for."""
