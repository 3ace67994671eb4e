"""Every command of egraph as one function: the only rooms that open databases and networks."""
