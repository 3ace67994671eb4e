// Of which parts a graph knows where they are, to export
MATCH (g:ExplanatoryGraph {id: $graph})-[e:COVERS]->(a:Part)
WHERE $part IS NULL OR a.name = $part
RETURN g.id AS source, a.id AS target, properties(e) AS properties
ORDER BY target
