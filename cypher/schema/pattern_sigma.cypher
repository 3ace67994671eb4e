// The patterns of a graph are found in the order in which they keep a steady place
CREATE INDEX pattern_sigma IF NOT EXISTS
FOR (n:Pattern)
ON (n.graph, n.sigma)
