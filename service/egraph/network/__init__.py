"""Which CNN is taken apart, which of its maps, and where each unit of a map looks."""
