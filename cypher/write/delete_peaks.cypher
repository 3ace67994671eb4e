// Delete some of what a graph that is being removed says of where filters' outputs are largest
MATCH (g:ExplanatoryGraph {id: $graph})
SET g.held = coalesce(g.held, 0) + 1
WITH g
WHERE g.state = 'deleting'
MATCH (g)<-[:IN_GRAPH]-(:Object)<-[k:PEAKS_ON {graph: $graph}]-(:Filter)
WITH k
LIMIT $limit
DELETE k
RETURN count(k) AS deleted
