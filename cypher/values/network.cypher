// The networks that complete graphs of a category were mined from, by name and by id
MATCH (g:ExplanatoryGraph {category: $category, state: 'complete'})
UNWIND [split(g.network, '@')[0], g.network] AS value
RETURN DISTINCT value
ORDER BY value
