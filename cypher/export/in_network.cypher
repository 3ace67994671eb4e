// In which network the layers of a graph are, to export
MATCH (:ExplanatoryGraph {id: $graph})-[:READS]->(l:Layer)-[e:IN_NETWORK]->(n:Network)
RETURN l.id AS source, n.id AS target, properties(e) AS properties
ORDER BY source
