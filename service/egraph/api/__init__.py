"""The functions of `import egraph as eg`: keyword arguments become a request, and a command does it."""
