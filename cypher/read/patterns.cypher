// The patterns of one layer of a graph
MATCH (:ExplanatoryGraph {id: $graph})<-[:IN_GRAPH]-(p:Pattern {layer: $layer})
RETURN [name IN $columns | p[name]] AS row
