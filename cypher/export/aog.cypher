// An And-Or graph, to export by itself
MATCH (a:AndOrGraph {id: $aog})-[:BUILT_FROM]->(g:ExplanatoryGraph)
RETURN a.id AS aog, a.part AS part, g.id AS graph
