// How a graph reads its layers, to export
MATCH (g:ExplanatoryGraph {id: $graph})-[e:READS]->(l:Layer)
RETURN g.id AS source, l.id AS target, properties(e) AS properties
ORDER BY target
