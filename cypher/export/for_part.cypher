// For which parts the And-Or graphs of a graph are, to export
MATCH (a:AndOrGraph)-[:BUILT_FROM]->(:ExplanatoryGraph {id: $graph})
WHERE $aog IS NULL OR a.id = $aog
MATCH (a)-[e:FOR_PART]->(p:Part)
RETURN a.id AS source, p.id AS target, properties(e) AS properties
ORDER BY source
