// The labelled objects that an And-Or graph was learnt from
MATCH (a:AndOrGraph {id: $id})
UNWIND $object AS object
MATCH (o:Object {id: object})
CREATE (a)-[:LEARNT_FROM]->(o)
RETURN count(*) AS rows
