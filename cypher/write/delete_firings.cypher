// Delete where a graph's patterns fire on one object
MATCH (:Object {id: $object})<-[f:FIRES_ON]-(p:Pattern)
WHERE p.id STARTS WITH $prefix
DELETE f
