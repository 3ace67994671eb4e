// On which of some objects the And-Or graphs of a graph found their parts, to export
UNWIND $ids AS id
MATCH (a:AndOrGraph)-[e:FOUND_ON]->(o:Object {id: id})
WHERE a.graph = $graph AND ($aog IS NULL OR a.id = $aog)
RETURN a.id AS source, o.id AS target, properties(e) AS properties
