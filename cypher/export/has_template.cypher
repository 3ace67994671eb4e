// Which templates the And-Or graphs of a graph have, to export
MATCH (a:AndOrGraph)-[:BUILT_FROM]->(:ExplanatoryGraph {id: $graph})
WHERE $aog IS NULL OR a.id = $aog
MATCH (a)-[e:HAS_TEMPLATE]->(t:Template)
RETURN a.id AS source, t.id AS target, properties(e) AS properties
ORDER BY source, target
