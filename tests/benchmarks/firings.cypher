// Where a graph's patterns fire, all there is to know of it
MATCH (:ExplanatoryGraph {id: $graph})<-[:IN_GRAPH]-(p:Pattern)-[f:FIRES_ON]->(o:Object)
RETURN p.layer AS layer, p.filter AS filter, p.number AS number, o.id AS object, properties(f) AS values
ORDER BY layer, filter, number, object
