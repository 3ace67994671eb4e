// The complete graphs of a category
MATCH (g:ExplanatoryGraph {category: $category, state: 'complete'})
RETURN g.id AS id, g.name AS name, g.network AS network
ORDER BY id
