// The layers of one graph, and how it reads each
MATCH (g:ExplanatoryGraph {id: $graph})-[r:READS]->(l:Layer)
RETURN l.name AS name, properties(r) AS reading
ORDER BY r.position
