// The few patterns of a graph without partners are found by their score
CREATE INDEX pattern_alone IF NOT EXISTS
FOR (n:Pattern)
ON (n.graph, n.alone, n.score)
