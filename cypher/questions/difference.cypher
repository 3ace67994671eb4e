// What is in one category and not in the other?
//
// Patterns of one category near whose place no pattern of the same filter of the same network stands in the other one,
// the least likely by chance first. others: patterns that the other category has of that filter; nearest: how far the
// nearest of them is, in fractions of the object. by_chance: the control, how likely it is that none of the others is
// near, if each were at a place drawn from those of all patterns of its layer, multiplied by the number of patterns
// that were looked at, and at most 1. Where the filter has no pattern in the other category, places tell nothing, and
// by_chance is 1. Even two halves of one category do not share all patterns. Each category is turned to a canonical
// side of its own; `turned` mirrors the other one.
//
// :param category: category, required. The kind of object.
// :param other_category: category, required. The other kind of object.
// :param graph: graph, optional. The graph's name, where the category has several.
// :param other_graph: graph, optional. The other category's graph, where it has several.
// :param layer: layer, optional. Only patterns of this layer.
// :param distance: number = 0.15. Nearer than this is near, in fractions of the object.
// :param turned: boolean = false. Whether the other category is mirrored left to right.
// :param limit: integer = 50. The largest number of rows.
// :returns pattern, layer, filter, others, nearest, by_chance, x, y, support, score, advantage
MATCH (g:ExplanatoryGraph {category: $category, state: 'complete'})
WHERE $graph IS NULL OR $graph IN [g.id, g.name]
MATCH (h:ExplanatoryGraph {category: $other_category, state: 'complete'})
WHERE ($other_graph IS NULL OR $other_graph IN [h.id, h.name]) AND h.network = g.network AND h.id <> g.id
// How many patterns of each layer the other category has in each of 5 x 5 cells.
MATCH (q:Pattern {graph: h.id})
WHERE q.above IS NOT NULL OR q.below IS NOT NULL
WITH
  g,
  h,
  q.layer AS layer,
  toInteger(5 *
    CASE
      WHEN $turned THEN 0.999999 - q.x
      ELSE q.x
    END) AS column,
  toInteger(5 * q.y) AS row,
  count(*) AS here
WITH g, h, collect({layer: layer, column: column, row: row, here: here}) AS cells
MATCH (p:Pattern {graph: g.id})
WHERE (p.above IS NOT NULL OR p.below IS NOT NULL) AND ($layer IS NULL OR p.layer = $layer)
WITH h, cells, collect(p) AS patterns
UNWIND patterns AS p
MATCH (p)-[:SEPARATED_FROM]->(f:Filter)
OPTIONAL MATCH (f)<-[:SEPARATED_FROM]-(q:Pattern)
WHERE q.graph = h.id
WITH
  cells,
  size(patterns) AS looked_at,
  p,
  count(q) AS others,
  min(sqrt((p.x -
        CASE
          WHEN $turned THEN 1 - q.x
          ELSE q.x
        END) ^ 2 + (p.y - q.y) ^ 2)) AS nearest
WHERE others = 0 OR nearest > $distance
WITH
  looked_at,
  p,
  others,
  nearest,
  reduce(
    sum = 0,
    c IN
    cells |
      sum +
      CASE
        WHEN c.layer = p.layer AND c.column = toInteger(5 * p.x) AND c.row = toInteger(5 * p.y) THEN c.here
        ELSE 0
      END) AS here,
  reduce(sum = 0, c IN cells | sum +
      CASE
        WHEN c.layer = p.layer THEN c.here
        ELSE 0
      END) AS all
WITH looked_at, p, others, nearest,
  CASE
    WHEN all = 0 THEN 0.0
    ELSE 25 * pi() * $distance ^ 2 * here / all
  END AS share
WITH p, others, nearest, looked_at * (1 -
    CASE
      WHEN share < 1 THEN share
      ELSE 1.0
    END) ^ others AS chance
RETURN
  p.id AS pattern,
  p.layer AS layer,
  p.filter AS filter,
  others,
  nearest,
  CASE
    WHEN chance < 1 THEN chance
    ELSE 1.0
  END AS by_chance,
  p.x AS x,
  p.y AS y,
  p.support AS support,
  p.score AS score,
  p.advantage AS advantage
ORDER BY by_chance, score DESC, pattern
LIMIT $limit
