// The complete graphs of a category, by name; the id or the network of one, where that is what was given
MATCH (g:ExplanatoryGraph {category: $category, state: 'complete'})
RETURN DISTINCT
  CASE
    WHEN $value IN [g.id, g.network, split(g.network, '@')[0]] THEN $value
    ELSE g.name
  END AS value
ORDER BY value
