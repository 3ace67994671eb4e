// The checksum of where a graph's patterns fire on one of its objects, all of which is written now
MATCH (:Object {id: $object})-[r:IN_GRAPH]->(:ExplanatoryGraph {id: $graph})
SET r.firings = $firings
REMOVE r.unplaced
