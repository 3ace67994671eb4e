// The layers that the complete graphs of a category read
MATCH (g:ExplanatoryGraph {category: $category, state: 'complete'})-[:READS]->(l:Layer)
RETURN DISTINCT l.name AS value
ORDER BY value
