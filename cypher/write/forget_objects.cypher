// Take some objects out of a graph that is being removed
MATCH (g:ExplanatoryGraph {id: $graph})
SET g.held = coalesce(g.held, 0) + 1
WITH g
WHERE g.state = 'deleting'
MATCH (g)<-[r:IN_GRAPH]-(o:Object)
WITH r, o
LIMIT $limit
DELETE r
RETURN collect(o.id) AS objects
