// Patterns of one layer, with their provenance; a column that the layer does not have is an empty list
MATCH (g:ExplanatoryGraph {id: $graph})
UNWIND range(0, size($filter) - 1) AS i
MATCH (f:Filter {id: $layer_id + '/' + toString($filter[i])})
CREATE
  (p:Pattern
    {
      id: $prefix + toString($filter[i]) + '/' + toString($number[i]),
      graph: $graph,
      layer: $layer,
      __column__: $__column__[i]
    })
CREATE (p)-[:SEPARATED_FROM]->(f)
CREATE (p)-[:IN_GRAPH]->(g)
RETURN count(*) AS rows
