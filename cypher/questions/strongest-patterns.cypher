// Which patterns are strongest on a part?
//
// The patterns whose inferred place falls into the boxes that a person drew, by their mean score on those objects.
// on_part: share of the labelled objects on which the pattern is inside a box. part_score: its mean score where it is.
// score: its mean evidence over all objects. x, y: its mean place over all objects, in fractions of the object.
//
// :param category: category, required. The kind of object.
// :param part: part, required. The part's name.
// :param graph: graph, optional. The graph's name, where the category has several.
// :param layer: layer, optional. Only patterns of this layer.
// :param share: number = 0.5. Smallest share of the labelled objects on which a pattern is on the part.
// :param limit: integer = 50. At most so many rows.
// :returns pattern, layer, filter, on_part, part_score, score, x, y
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
WITH g, collect({object: o, boxes: boxes}) AS shown
WITH g, shown, size(shown) AS labelled
UNWIND shown AS one
WITH g, labelled, one.object AS o, one.boxes AS boxes
MATCH (o)<-[f:FIRES_ON]-(p:Pattern)
WHERE
  any(b IN boxes WHERE b[0] <= f.x AND f.x <= b[2] AND b[1] <= f.y AND f.y <= b[3]) AND
  p.id STARTS WITH g.id + '/' AND
  ($layer IS NULL OR p.layer = $layer)
WITH labelled, p, count(*) AS hits, avg(f.score) AS part_score
WHERE hits >= $share * labelled
RETURN
  p.id AS pattern,
  p.layer AS layer,
  p.filter AS filter,
  toFloat(hits) / labelled AS on_part,
  part_score,
  p.score AS score,
  p.x AS x,
  p.y AS y
ORDER BY part_score DESC, pattern
LIMIT $limit
