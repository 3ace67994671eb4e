// Delete one edge of a graph, behind everybody's back
MATCH (g:ExplanatoryGraph {id: $graph})<-[:IN_GRAPH]-(:Pattern)-[e:DISPLACED_FROM]->(:Pattern)
WITH e
LIMIT 1
DELETE e
