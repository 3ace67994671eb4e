"""How good is it, beside what it must be better than."""
