// The And-Or graphs that were built from a graph, to export
MATCH (a:AndOrGraph)-[:BUILT_FROM]->(:ExplanatoryGraph {id: $graph})
WHERE $aog IS NULL OR a.id = $aog
RETURN properties(a) AS properties
ORDER BY a.id
