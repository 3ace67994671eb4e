"""A small generated world in which every part's place is known."""
