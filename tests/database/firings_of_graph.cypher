// How often a graph's patterns fire on each object
MATCH (:ExplanatoryGraph {id: $graph})<-[:IN_GRAPH]-(:Pattern)-[f:FIRES_ON]->(o:Object)
RETURN o.id AS object, count(f) AS firings
