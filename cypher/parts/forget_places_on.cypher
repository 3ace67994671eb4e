// What a graph knows of where the parts of an object are, is no longer so, except where an And-Or graph told it
//
// The first SET takes the parts' locks, so that nobody sums up what is just being changed.
MATCH (:Object {id: $object})-[:SHOWS]->(part:Part)
SET part.held = coalesce(part.held, 0) + 1
WITH DISTINCT part
MATCH (part)<-[c:COVERS]-(:ExplanatoryGraph {id: $graph})
WHERE c.aog IS NULL
DELETE c
