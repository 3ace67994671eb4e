// The parts of a graph of which it is counted which patterns lie on them
MATCH (:ExplanatoryGraph {id: $graph})-[:COVERS]->(part:Part)
RETURN part.name AS part
ORDER BY part
