// The objects of a graph: those it was mined from, and those on which its patterns fire
MATCH (:ExplanatoryGraph {id: $graph})<-[:IN_GRAPH]-(o:Object)
RETURN o.id AS id
  UNION
MATCH (:ExplanatoryGraph {id: $graph})<-[:IN_GRAPH]-(:Pattern)-[:FIRES_ON]->(o:Object)
RETURN o.id AS id
  UNION
MATCH (:ExplanatoryGraph {id: $graph})<-[:BUILT_FROM]-(:AndOrGraph)-[:LEARNT_FROM|FOUND_ON]->(o:Object)
RETURN o.id AS id
