// The parts of some graphs
MATCH (g:ExplanatoryGraph)
WHERE g.id IN $graphs
MATCH (part:Part {category: g.category})
RETURN g.id AS graph, part.name AS part
ORDER BY graph, part
