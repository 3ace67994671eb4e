// Which patterns keep the steadiest place among their neighbours?
//
// The patterns whose displacement from the patterns above varies least, on average. sigma: that variation, in fractions
// of the object; apart: the control of sigma, its value if the pattern and its neighbours moved independently. spread:
// root mean square distance of the pattern from its mean place; a pattern that never moves is steady whatever it reacts
// to, so compare with apart. advantage: its evidence divided by what it would win if all peaks were scattered evenly; 1
// is no better than chance.
//
// :param category: category, required. The kind of object.
// :param graph: graph, optional. The graph's name, where the category has several.
// :param layer: layer, optional. Only patterns of this layer.
// :param support: number = 0.5. Smallest share of the objects on which a pattern fires.
// :param limit: integer = 50. The largest number of rows.
// :returns pattern, layer, filter, sigma, apart, neighbours, spread, advantage, support, score
MATCH (g:ExplanatoryGraph {category: $category, state: 'complete'})
WHERE $graph IS NULL OR $graph IN [g.id, g.name]
CALL (g) {
  MATCH (p:Pattern {graph: g.id})
  WHERE p.sigma >= 0 AND p.support >= $support * g.images AND ($layer IS NULL OR p.layer = $layer)
  RETURN p
  ORDER BY p.graph, p.sigma, p.id
  LIMIT $limit
}
RETURN
  p.id AS pattern,
  p.layer AS layer,
  p.filter AS filter,
  p.sigma AS sigma,
  p.apart AS apart,
  p.neighbours AS neighbours,
  p.spread AS spread,
  p.advantage AS advantage,
  p.support AS support,
  p.score AS score
ORDER BY sigma, pattern
LIMIT $limit
