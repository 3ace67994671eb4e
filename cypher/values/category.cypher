// The categories of which there is a complete graph
MATCH (g:ExplanatoryGraph {state: 'complete'})
RETURN DISTINCT g.category AS value
ORDER BY value
