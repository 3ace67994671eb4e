// The patterns of one layer of a graph
MATCH (:ExplanatoryGraph {id: $graph})<-[:IN_GRAPH]-(p:Pattern {layer: $layer})
RETURN
  p.filter AS filter,
  p.number AS number,
  p.x AS x,
  p.y AS y,
  p.place_x AS place_x,
  p.place_y AS place_y,
  p.spread AS spread,
  p.support AS support,
  p.score AS score,
  p.advantage AS advantage,
  p.parent_gain AS parent_gain,
  p.orientation_weight AS orientation_weight,
  p.pose AS pose,
  p.template AS template,
  p.place_map AS place_map,
  p.score_mean AS score_mean,
  p.score_deviation AS score_deviation
