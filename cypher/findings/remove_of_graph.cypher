// Remove the findings by a graph that is being removed
MATCH (g:ExplanatoryGraph {id: $graph})
SET g.held = coalesce(g.held, 0) + 1
WITH g
WHERE g.state = 'deleting'
MATCH (f:Finding {graph: $graph})
DETACH DELETE f
