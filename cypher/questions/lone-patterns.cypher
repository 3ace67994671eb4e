// Which patterns have no partners?
//
// Patterns that fire together with none of the layer above beyond chance, although there is such a layer; those with
// most evidence first. above, below: number of patterns in the next layer up and in the next layer down with which it
// fires together (null where no such layer was mined). advantage: its evidence divided by what it would win if all
// peaks were scattered evenly; 1 is no better than chance. support: number of objects on which it fires.
//
// :param category: category, required. The kind of object.
// :param graph: graph, optional. The graph's name, where the category has several.
// :param layer: layer, optional. Only patterns of this layer.
// :param limit: integer = 50. The largest number of rows.
// :returns pattern, layer, filter, above, below, x, y, support, score, advantage
MATCH (g:ExplanatoryGraph {category: $category, state: 'complete'})
WHERE $graph IS NULL OR $graph IN [g.id, g.name]
CALL (g) {
  MATCH (p:Pattern {graph: g.id, alone: true})
  WHERE p.score IS NOT NULL AND ($layer IS NULL OR p.layer = $layer)
  RETURN p
  ORDER BY p.graph DESC, p.alone DESC, p.score DESC, p.id
  LIMIT $limit
}
RETURN
  p.id AS pattern,
  p.layer AS layer,
  p.filter AS filter,
  p.above AS above,
  p.below AS below,
  p.x AS x,
  p.y AS y,
  p.support AS support,
  p.score AS score,
  p.advantage AS advantage
ORDER BY score DESC, pattern
LIMIT $limit
