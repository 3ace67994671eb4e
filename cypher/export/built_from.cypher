// Which And-Or graphs were built from a graph, to export
MATCH (a:AndOrGraph)-[e:BUILT_FROM]->(g:ExplanatoryGraph {id: $graph})
WHERE $aog IS NULL OR a.id = $aog
RETURN a.id AS source, g.id AS target, properties(e) AS properties
ORDER BY source
