// Make a graph look as if it was not yet compared with any other
MATCH (g:ExplanatoryGraph {id: $graph})-[c:COMPARED_WITH]-(:ExplanatoryGraph)
DELETE c
WITH DISTINCT g
MATCH (g)<-[:IN_GRAPH]-(p:Pattern)-[r:RESEMBLES]-(:Pattern)
DELETE r
