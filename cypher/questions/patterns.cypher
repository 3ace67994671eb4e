// Which patterns are there?
//
// A plain list of the patterns of a graph, by layer, filter and number. x, y: mean place over all objects, in fractions
// of the object. spread: root mean square distance from that place over the objects. support: number of objects on
// which it fires. score: mean evidence. advantage: its evidence divided by what it would win if all peaks were
// scattered evenly; 1 is no better than chance. above, below: number of patterns in the next layer up and in the next
// layer down with which it fires together.
//
// :param category: category, required. The kind of object.
// :param graph: graph, optional. The graph's name, where the category has several.
// :param layer: layer, optional. Only patterns of this layer.
// :param limit: integer = 1000. The largest number of rows.
// :returns pattern, layer, filter, number, x, y, spread, support, score, advantage, above, below
MATCH (g:ExplanatoryGraph {category: $category, state: 'complete'})
WHERE $graph IS NULL OR $graph IN [g.id, g.name]
MATCH (p:Pattern {graph: g.id})
WHERE $layer IS NULL OR p.layer = $layer
RETURN
  p.id AS pattern,
  p.layer AS layer,
  p.filter AS filter,
  p.number AS number,
  p.x AS x,
  p.y AS y,
  p.spread AS spread,
  p.support AS support,
  p.score AS score,
  p.advantage AS advantage,
  p.above AS above,
  p.below AS below
ORDER BY layer, filter, number
LIMIT $limit
