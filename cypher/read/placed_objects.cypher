// Those of some objects on which patterns of a graph are known to fire
UNWIND $ids AS id
MATCH (:Object {id: id})<-[:FIRES_ON]-(p:Pattern)
WHERE p.id STARTS WITH $prefix
RETURN DISTINCT id
