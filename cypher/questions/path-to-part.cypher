// How does a low pattern lead up to a part?
//
// The strongest path from a pattern upwards, from partner to partner, to each pattern that lies on a part; the surest
// end first. steps: how many ties the path has. weakest: the strength of its weakest tie. path: the patterns on it,
// from the lowest up. on_part: share of the labelled objects on which the path's end is inside a box; by_chance: the
// same for a place drawn at random, its control.
//
// :param category: category, required. The kind of object.
// :param part: part, required. The part's name.
// :param pattern: pattern, required. The id of the pattern to begin with.
// :param graph: graph, optional. The graph's name, where the category has several.
// :param share: number = 0.5. Smallest share of the labelled objects on which a pattern is on the part.
// :param limit: integer = 20. At most so many rows.
// :returns end, layer, steps, weakest, on_part, by_chance, path
MATCH (g:ExplanatoryGraph {category: $category, state: 'complete'})
WHERE $graph IS NULL OR $graph IN [g.id, g.name]
MATCH (:Part {id: $category + '/' + $part})<-[s:SHOWS]-(o:Object)
WHERE
  EXISTS {
    MATCH (o)<-[:FIRES_ON]-(placed:Pattern)
    WHERE placed.id STARTS WITH g.id + '/'
  }
WITH g, o, s.box AS box, o.box AS frame
WITH
  g,
  o,
  collect([
    (box[0] - frame[0]) / frame[2],
    (box[1] - frame[1]) / frame[3],
    (box[0] + box[2] - frame[0]) / frame[2],
    (box[1] + box[3] - frame[1]) / frame[3]
  ]) AS boxes
WITH
  g,
  collect({object: o, boxes: boxes}) AS shown,
  avg(reduce(area = 0.0, b IN boxes | area + (b[2] - b[0]) * (b[3] - b[1]))) AS by_chance
MATCH path = (:Pattern {id: $pattern})-[:CO_ACTIVATES_WITH*1..6]->(top:Pattern)
WHERE top.id STARTS WITH g.id + '/'
WITH
  shown,
  by_chance,
  top,
  [n IN nodes(path) | n.id] AS ids,
  reduce(least = 1.0, c IN relationships(path) |
      CASE
        WHEN c.strength < least THEN c.strength
        ELSE least
      END) AS weakest
ORDER BY weakest DESC, ids
WITH shown, by_chance, top, head(collect({ids: ids, weakest: weakest})) AS best
UNWIND shown AS one
WITH size(shown) AS labelled, by_chance, top, best, one.object AS o, one.boxes AS boxes
MATCH (top)-[f:FIRES_ON]->(o)
WHERE any(b IN boxes WHERE b[0] <= f.x AND f.x <= b[2] AND b[1] <= f.y AND f.y <= b[3])
WITH labelled, by_chance, top, best, count(*) AS hits
WITH by_chance, top, best, toFloat(hits) / labelled AS on_part
WHERE on_part >= $share
RETURN
  top.id AS end,
  top.layer AS layer,
  size(best.ids) - 1 AS steps,
  best.weakest AS weakest,
  on_part,
  by_chance,
  best.ids AS path
ORDER BY on_part DESC, weakest DESC, end
LIMIT $limit
