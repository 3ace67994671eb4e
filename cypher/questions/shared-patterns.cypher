// Which patterns do two categories share?
//
// Patterns of one category, each with the nearest pattern that was separated from the same filter of the same network
// in another category, where the two stand at a similar place. distance: between their mean places, in fractions of the
// object. by_chance: how likely one of the other category's patterns of that filter would stand as near if they were
// scattered evenly, its control. x, y and other_x, other_y: the mean places. Each category is turned to a canonical
// side of its own; `turned` mirrors the other one.
//
// :param category: category, required. The kind of object.
// :param other_category: category, required. The other kind of object.
// :param graph: graph, optional. The graph's name, where the category has several.
// :param other_graph: graph, optional. The other category's graph, where it has several.
// :param layer: layer, optional. Only patterns of this layer.
// :param distance: number = 0.1. Largest distance between the two places, in fractions of the object.
// :param turned: boolean = false. Whether the other category is mirrored left to right.
// :param limit: integer = 50. At most so many rows.
// :returns pattern, other_pattern, layer, filter, distance, by_chance, x, y, other_x, other_y, score, other_score
MATCH (g:ExplanatoryGraph {category: $category, state: 'complete'})
WHERE $graph IS NULL OR $graph IN [g.id, g.name]
MATCH (h:ExplanatoryGraph {category: $other_category, state: 'complete'})
WHERE ($other_graph IS NULL OR $other_graph IN [h.id, h.name]) AND h.network = g.network AND h.id <> g.id
MATCH (g)-[r:READS]->(l:Layer)<-[:IN_LAYER]-(f:Filter)
// The anchors of two graphs have no filter in common; their layer only bears the same name.
WHERE r.template_size = 0 AND ($layer IS NULL OR l.name = $layer)
MATCH (q:Pattern)-[:SEPARATED_FROM]->(f)
WHERE q.id STARTS WITH h.id + '/'
WITH g, f, collect({pattern: q, id: q.id, x:
      CASE
        WHEN $turned THEN 1 - q.x
        ELSE q.x
      END, y: q.y}) AS others
MATCH (p:Pattern)-[:SEPARATED_FROM]->(f)
WHERE p.id STARTS WITH g.id + '/'
WITH p, others
UNWIND others AS one
WITH p, size(others) AS count, one, one.id AS id, sqrt((p.x - one.x) ^ 2 + (p.y - one.y) ^ 2) AS distance
WHERE distance <= $distance
WITH p, count, one, id, distance
ORDER BY distance, id
WITH p, count, head(collect({pattern: one.pattern, x: one.x, distance: distance})) AS nearest
WITH p, count, nearest.pattern AS q, nearest.x AS other_x, nearest.distance AS distance
WITH p, q, other_x, distance, count, pi() * distance ^ 2 AS area
RETURN
  p.id AS pattern,
  q.id AS other_pattern,
  p.layer AS layer,
  p.filter AS filter,
  distance,
  1 - (CASE
      WHEN area < 1 THEN 1 - area
      ELSE 0.0
    END) ^ count AS by_chance,
  p.x AS x,
  p.y AS y,
  other_x,
  q.y AS other_y,
  p.score AS score,
  q.score AS other_score
ORDER BY by_chance, pattern
LIMIT $limit
