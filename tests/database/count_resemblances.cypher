// How many relationships join a graph and its patterns to others that resemble them
OPTIONAL MATCH (:ExplanatoryGraph {id: $graph})-[c:COMPARED_WITH]-(:ExplanatoryGraph)
WITH count(c) AS compared
OPTIONAL MATCH (:Pattern)-[r:RESEMBLES]->(:Pattern)
WHERE r.of CONTAINS $graph
RETURN compared, count(r) AS resembles
