// The graphs of a category, by name; the id or the network of one, where that is what was given. Those too that are to
// be mined again.
MATCH (g:ExplanatoryGraph {category: $category})
WHERE g.state IN ['complete', 'outdated']
RETURN DISTINCT
  CASE
    WHEN $value IN [g.id, g.network, split(g.network, '@')[0]] THEN $value
    ELSE g.name
  END AS value
ORDER BY value
