// How patterns of two layers stand to each other, as columns for each filter of the lower layer
MATCH (:ExplanatoryGraph {id: $graph})<-[:IN_GRAPH]-(lower:Pattern {layer: $lower})
MATCH (lower)-[e:DISPLACED_FROM]->(upper:Pattern {layer: $upper})
RETURN
  lower.filter AS filter,
  collect(lower.filter) AS lower_filter,
  collect(lower.number) AS lower_number,
  collect(upper.filter) AS upper_filter,
  collect(upper.number) AS upper_number,
  collect(e.dx) AS dx,
  collect(e.dy) AS dy,
  collect(e.sigma) AS sigma,
  collect(e.weight) AS weight
