// The layers of a graph, to export
MATCH (:ExplanatoryGraph {id: $graph})-[:READS]->(l:Layer)
RETURN properties(l) AS properties
ORDER BY l.id
