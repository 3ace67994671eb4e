// The categories of which there is a complete graph, or one that is to be mined again
MATCH (g:ExplanatoryGraph)
WHERE g.state IN ['complete', 'outdated']
RETURN DISTINCT g.category AS value
ORDER BY value
