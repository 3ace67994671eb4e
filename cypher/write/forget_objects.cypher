// Take some objects out of a graph
MATCH (:ExplanatoryGraph {id: $graph})<-[r:IN_GRAPH]-(o:Object)
WITH r, o
LIMIT $limit
DELETE r
RETURN collect(o.id) AS objects
