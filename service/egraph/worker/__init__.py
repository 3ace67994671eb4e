"""Jobs in the graph database, and the worker that does them."""
