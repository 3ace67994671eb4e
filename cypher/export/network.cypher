// The network of a graph, to export
MATCH (g:ExplanatoryGraph {id: $graph})
MATCH (n:Network {id: g.network})
RETURN properties(n) AS properties
