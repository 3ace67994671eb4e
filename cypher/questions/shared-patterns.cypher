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
// The anchors of two graphs have no filter in common; their layer only bears the same name.
MATCH (g)-[r:READS]->(l:Layer)
WHERE r.template_size = 0 AND ($layer IS NULL OR l.name = $layer)
WITH g, h, collect(l.name) AS layers
UNWIND [{graph: g, first: true}, {graph: h, first: false}] AS side
WITH layers, side.graph AS graph, side.first AS first
MATCH (graph)<-[:IN_GRAPH]-(p:Pattern)
WHERE p.layer IN layers
WITH
  p.layer AS layer,
  p.filter AS filter,
  collect(
    CASE
      WHEN first THEN p
    END) AS patterns,
  collect(
    CASE
      WHEN NOT first THEN {pattern: p, x:
              CASE
                WHEN $turned THEN 1 - p.x
                ELSE p.x
              END, y: p.y}
    END) AS others
UNWIND patterns AS p
WITH p, others, p.x AS x, p.y AS y
WITH
  p,
  size(others) AS count,
  [
    o IN others
    WHERE o.x - x <= $distance AND x - o.x <= $distance AND o.y - y <= $distance AND y - o.y <= $distance
    | {pattern: o.pattern, x: o.x, distance: sqrt((x - o.x) ^ 2 + (y - o.y) ^ 2)}
  ] AS near
WHERE size(near) > 0
WITH
  p,
  count,
  reduce(
    best = near[0],
    o IN
    near[1..] |
      CASE
        WHEN o.distance < best.distance THEN o
        WHEN o.distance = best.distance AND o.pattern.id < best.pattern.id THEN o
        ELSE best
      END) AS nearest
WHERE nearest.distance <= $distance
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
