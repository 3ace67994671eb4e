// Delete a graph whose patterns and objects are gone
MATCH (g:ExplanatoryGraph {id: $graph})
SET g.category = g.category
WITH g
WHERE g.state = 'deleting' AND NOT EXISTS { (g)<-[:IN_GRAPH]-() }
DETACH DELETE g
