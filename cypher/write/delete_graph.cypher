// Delete a graph whose patterns and objects are gone
MATCH (g:ExplanatoryGraph {id: $graph})
SET g.held = coalesce(g.held, 0) + 1
WITH g
WHERE g.state = 'deleting' AND NOT EXISTS { (g)<-[:IN_GRAPH]-() }
DETACH DELETE g
