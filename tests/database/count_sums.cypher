// How many relationships sum up where patterns lie on parts
MATCH (:ExplanatoryGraph {id: $graph})-[c:COVERS]->(:Part)
WITH count(c) AS covers
OPTIONAL MATCH (:Pattern)-[l:LIES_ON]->(:Part)
WHERE l.of STARTS WITH $graph
RETURN covers, count(l) AS lies
