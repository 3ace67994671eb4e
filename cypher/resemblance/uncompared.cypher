// The complete graphs of a graph's network that it was not yet compared with: one of them, or all if they are few
MATCH (g:ExplanatoryGraph {id: $graph, state: 'complete'})
MATCH (h:ExplanatoryGraph {network: g.network, state: 'complete'})
WHERE h.id <> g.id AND ($other IS NULL OR h.id = $other)
WITH g, collect(h) AS others
WHERE size(others) <= $few
UNWIND others AS h
WITH g, h
WHERE NOT EXISTS { (g)-[:COMPARED_WITH]-(h) }
RETURN g.content AS content, h.id AS other, h.content AS other_content
ORDER BY other
