// The labelled objects of a graph on which not all firings of its patterns are written yet
MATCH (o:Object)-[r:IN_GRAPH {unplaced: true}]->(:ExplanatoryGraph {id: $graph})
RETURN o.id AS object
ORDER BY object
