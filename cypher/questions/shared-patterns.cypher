// Which patterns do two categories share?
//
// Of each layer the 100 patterns of one category that share most with the other, each with the nearest pattern that was
// separated from the same filter of the same network there. distance: between their mean places, in fractions of the
// object. by_chance: the control, how likely it is that at least one of the layer's patterns has a pattern of its
// filter this near, if the other category's patterns were scattered evenly; it is corrected for the number of patterns
// that were looked at, and at most 1. The least likely come first. x, y and other_x, other_y: the mean places. Each
// category is turned to a canonical side of its own; `turned` mirrors the other one. Two graphs are compared when the
// second is mined; if its network has more than twenty others, when `egraph query` is first asked about the two.
//
// :param category: category, required. The kind of object.
// :param other_category: category, required. The other kind of object.
// :param graph: graph, optional. The graph's name, where the category has several.
// :param other_graph: graph, optional. The other category's graph, where it has several.
// :param layer: layer, optional. Only patterns of this layer.
// :param distance: number = 0.1. Largest distance between the two places, in fractions of the object.
// :param turned: boolean = false. Whether the other category is mirrored left to right.
// :param limit: integer = 50. The largest number of rows.
// :returns pattern, other_pattern, layer, filter, distance, by_chance, x, y, other_x, other_y, score, other_score
MATCH (g:ExplanatoryGraph {category: $category, state: 'complete'})
WHERE $graph IS NULL OR $graph IN [g.id, g.name]
MATCH (h:ExplanatoryGraph {category: $other_category, state: 'complete'})
WHERE ($other_graph IS NULL OR $other_graph IN [h.id, h.name]) AND h.network = g.network AND h.id <> g.id
MATCH (p:Pattern)-[r:RESEMBLES {of: g.id + '//' + h.id}]->(q:Pattern)
WHERE r.turned = $turned AND r.distance <= $distance AND ($layer IS NULL OR r.layer = $layer)
WITH g, p, q, r, p.id AS pattern, r.by_chance AS chance
ORDER BY chance, pattern
LIMIT $limit
MATCH (g)-[reads:READS]->(l:Layer)
WHERE l.name = r.layer
WITH p, q, r, pattern, chance, chance * reads.patterns AS any_chance
RETURN
  pattern,
  q.id AS other_pattern,
  p.layer AS layer,
  p.filter AS filter,
  r.distance AS distance,
  CASE
    WHEN any_chance < 1 THEN any_chance
    ELSE 1.0
  END AS by_chance,
  p.x AS x,
  p.y AS y,
  CASE
    WHEN $turned THEN 1 - q.x
    ELSE q.x
  END AS other_x,
  q.y AS other_y,
  p.score AS score,
  q.score AS other_score
ORDER BY chance, pattern
