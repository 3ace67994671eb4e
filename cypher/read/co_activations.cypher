// Which patterns of two layers fire together, as columns for each filter of the lower layer
MATCH (:ExplanatoryGraph {id: $graph})<-[:IN_GRAPH]-(lower:Pattern {layer: $lower})
MATCH (lower)-[e:CO_ACTIVATES_WITH]->(upper:Pattern {layer: $upper})
RETURN
  lower.filter AS filter,
  collect(lower.filter) AS lower_filter,
  collect(lower.number) AS lower_number,
  collect(upper.filter) AS upper_filter,
  collect(upper.number) AS upper_number,
  collect(e.strength) AS strength,
  collect(e.lift) AS lift,
  collect(e.support) AS support
