// The objects that an And-Or graph was learnt from
MATCH (:AndOrGraph {id: $id})-[:LEARNT_FROM]->(o:Object)
RETURN o.id AS object
ORDER BY object
