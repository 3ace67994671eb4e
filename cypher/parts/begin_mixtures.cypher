// Begin to note which filters of a complete graph mix parts
//
// The SET takes the graph's lock, so that nobody counts meanwhile what lies on its parts.
MATCH (g:ExplanatoryGraph {id: $graph})
SET g.held = coalesce(g.held, 0) + 1
WITH g
WHERE g.state = 'complete'
RETURN g.id AS graph
