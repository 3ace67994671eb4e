// On how many patterns a graph says to have summed up where a part is, and on how many it has
MATCH (g:ExplanatoryGraph {id: $graph})-[c:COVERS]->(part:Part)
OPTIONAL MATCH (:Pattern)-[l:LIES_ON]->(part)
WHERE l.of = g.id + '/' + part.name
RETURN part.name AS part, c.patterns AS said, count(l) AS there
