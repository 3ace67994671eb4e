// What is left of a graph: its node, its patterns, and And-Or graphs built from it
OPTIONAL MATCH (g:ExplanatoryGraph {id: $graph})
WITH count(g) AS graphs
OPTIONAL MATCH (p:Pattern)
WHERE p.id STARTS WITH $graph + '/'
WITH graphs, count(p) AS patterns
OPTIONAL MATCH (a:AndOrGraph {graph: $graph})
RETURN graphs, patterns, count(a) AS aogs
