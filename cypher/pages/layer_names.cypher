// The layers of some graphs, of each from the input side up
MATCH (g:ExplanatoryGraph)-[r:READS]->(l:Layer)
WHERE g.id IN $graphs
RETURN g.id AS graph, l.name AS name
ORDER BY graph, r.position
