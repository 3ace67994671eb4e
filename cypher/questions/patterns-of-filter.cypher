// What does one filter react to?
//
// The patterns that were separated from one filter, the one with most evidence first. x, y: mean place over all
// objects, in fractions of the object. spread: root mean square distance from that place over the objects. support:
// number of objects on which it fires. score: mean evidence. advantage: its evidence divided by what it would win if
// all peaks were scattered evenly; 1 is no better than chance.
//
// :param category: category, required. The kind of object.
// :param layer: layer, required. The filter's layer.
// :param filter: integer, required. The filter's number in its layer, from 0.
// :param graph: graph, optional. The graph's name, where the category has several.
// :param limit: integer = 100. The largest number of rows.
// :returns pattern, number, x, y, spread, support, score, advantage
MATCH (g:ExplanatoryGraph {category: $category, state: 'complete'})
WHERE $graph IS NULL OR $graph IN [g.id, g.name]
MATCH (:Filter {id: g.network + '/' + $layer + '/' + toString($filter)})<-[:SEPARATED_FROM]-(p:Pattern)
WHERE p.id STARTS WITH g.id + '/'
RETURN
  p.id AS pattern,
  p.number AS number,
  p.x AS x,
  p.y AS y,
  p.spread AS spread,
  p.support AS support,
  p.score AS score,
  p.advantage AS advantage
ORDER BY score DESC, pattern
LIMIT $limit
