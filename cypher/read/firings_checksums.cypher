// The checksums of where one graph's patterns fire on its objects
MATCH (:ExplanatoryGraph {id: $graph})<-[r:IN_GRAPH]-(o:Object)
RETURN o.id AS object, r.firings AS firings
