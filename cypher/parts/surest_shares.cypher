// How surely the surest of a graph's patterns lies on each part
MATCH (g:ExplanatoryGraph {id: $graph})-[c:COVERS]->(part:Part)
WHERE size(c.surest) > 0
WITH part, $graph + '/' + c.surest[0] AS id
MATCH (:Pattern {id: id})-[l:LIES_ON]->(part)
RETURN part.name AS part, l.share AS share
