// What the patterns of one layer of a graph are called
MATCH (:ExplanatoryGraph {id: $graph})<-[:IN_GRAPH]-(p:Pattern {layer: $layer})
RETURN p.filter AS filter, p.number AS number
ORDER BY filter, number
