"""The heart: separate the patterns that each filter mixes, find their parents, and solve the photos' orientation."""
