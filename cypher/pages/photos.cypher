// The objects of some graphs: one by its id, or those on photos of a name
MATCH (g:ExplanatoryGraph {state: 'complete'})<-[:IN_GRAPH]-(o:Object)
WHERE g.id IN $graphs AND (o.id = $photo OR o.path = $photo OR o.path ENDS WITH '/' + $photo)
RETURN g.id AS graph, o.id AS id
ORDER BY graph, id
LIMIT $limit
