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
      filter: $filter[i],
      number: $number[i],
      x: $x[i],
      y: $y[i],
      place_x: $place_x[i],
      place_y: $place_y[i],
      spread: $spread[i],
      support: $support[i],
      score: $score[i],
      advantage: $advantage[i],
      parent_gain: $parent_gain[i],
      orientation_weight: $orientation_weight[i],
      pose: $pose[i],
      template: $template[i],
      place_map: $place_map[i],
      score_mean: $score_mean[i],
      score_deviation: $score_deviation[i],
      neighbours: $neighbours[i],
      sigma: $sigma[i],
      apart: $apart[i],
      above: $above[i],
      below: $below[i],
      alone: $alone[i]
    })
CREATE (p)-[:SEPARATED_FROM]->(f)
CREATE (p)-[:IN_GRAPH]->(g)
