// One graph and its network
MATCH (g:ExplanatoryGraph {id: $graph})
OPTIONAL MATCH (n:Network {id: g.network})
RETURN properties(g) AS graph, properties(n) AS network
