"""The network runs once per photo and mirror; the strongest units of every map are kept on disk."""
