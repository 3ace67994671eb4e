// A graph, to export
MATCH (g:ExplanatoryGraph {id: $graph})
RETURN properties(g) AS properties
