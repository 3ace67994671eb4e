// The parts of a graph's category, to export
MATCH (g:ExplanatoryGraph {id: $graph})
MATCH (a:Part {category: g.category})
RETURN properties(a) AS properties
ORDER BY a.id
