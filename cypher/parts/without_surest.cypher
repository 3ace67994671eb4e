// The parts of a graph of which no patterns are named that lie on them, although some do
MATCH (:ExplanatoryGraph {id: $graph})-[c:COVERS]->(part:Part)
WHERE c.patterns > 0 AND c.surest IS NULL
RETURN part.name AS part
