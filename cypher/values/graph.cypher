// The complete graphs of a category, by name
MATCH (g:ExplanatoryGraph {category: $category, state: 'complete'})
RETURN DISTINCT g.name AS value
ORDER BY value
