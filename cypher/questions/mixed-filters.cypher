// Which filters mix several parts?
//
// Filters of which different patterns lie on different labelled parts. A pattern counts for the one part on which it is
// most often more than chance says, so that parts that overlap make no mixture. A row is a filter and one of its parts,
// the filters with most parts first, then those whose weaker part is surest. patterns: how many of the filter's
// patterns lie on that part. pattern: the one most often on it. on_part: share of the labelled objects on which that
// pattern is inside a box; by_chance: the same for a place drawn at random, its control. x, y: the pattern's mean place
// in fractions of the object.
//
// :param category: category, required. The kind of object.
// :param graph: graph, optional. The graph's name, where the category has several.
// :param layer: layer, optional. Only filters of this layer.
// :param share: number = 0.5. Smallest share of the labelled objects on which a pattern is on a part.
// :param limit: integer = 100. At most so many rows.
// :returns layer, filter, parts, part, patterns, pattern, on_part, by_chance, x, y
MATCH (g:ExplanatoryGraph {category: $category, state: 'complete'})
WHERE $graph IS NULL OR $graph IN [g.id, g.name]
MATCH (part:Part {category: $category})<-[s:SHOWS]-(o:Object)
WHERE
  EXISTS {
    MATCH (o)<-[:FIRES_ON]-(placed:Pattern)
    WHERE placed.id STARTS WITH g.id + '/'
  }
WITH g, part, o, s.box AS box, o.box AS frame
WITH
  g,
  part,
  o,
  collect([
    (box[0] - frame[0]) / frame[2],
    (box[1] - frame[1]) / frame[3],
    (box[0] + box[2] - frame[0]) / frame[2],
    (box[1] + box[3] - frame[1]) / frame[3]
  ]) AS boxes
WITH g, part.name AS part, o, boxes, reduce(area = 0.0, b IN boxes | area + (b[2] - b[0]) * (b[3] - b[1])) AS area
WITH g, part, collect({object: o, boxes: boxes}) AS shown, avg(area) AS by_chance
UNWIND shown AS one
WITH g.id + '/' AS prefix, part, by_chance, size(shown) AS labelled, one.object AS o, one.boxes AS boxes
MATCH (o)<-[f:FIRES_ON]-(p:Pattern)
WHERE
  any(b IN boxes WHERE b[0] <= f.x AND f.x <= b[2] AND b[1] <= f.y AND f.y <= b[3]) AND
  p.id STARTS WITH prefix AND
  ($layer IS NULL OR p.layer = $layer)
WITH part, by_chance, labelled, p, count(*) AS hits
WITH part, by_chance, p, toFloat(hits) / labelled AS on_part
WHERE on_part >= $share AND on_part > by_chance
WITH p, p.id AS id, part, on_part, by_chance
ORDER BY id, on_part - by_chance DESC, part
WITH p, id, head(collect({part: part, on_part: on_part, by_chance: by_chance})) AS best
WITH
  p.layer AS layer,
  p.filter AS filter,
  p,
  id,
  best.part AS part,
  best.on_part AS on_part,
  best.by_chance AS by_chance
ORDER BY layer, filter, part, on_part DESC, id
WITH
  layer,
  filter,
  part,
  count(*) AS patterns,
  head(collect({pattern: p, id: id, on_part: on_part, by_chance: by_chance})) AS best
WITH
  layer,
  filter,
  min(best.on_part - best.by_chance) AS surest,
  collect({part: part, patterns: patterns, best: best}) AS found
WHERE size(found) > 1
UNWIND found AS one
WITH layer, filter, surest, size(found) AS parts, one.part AS part, one.patterns AS patterns, one.best AS best
WITH
  layer,
  filter,
  surest,
  parts,
  part,
  patterns,
  best.pattern AS p,
  best.id AS pattern,
  best.on_part AS on_part,
  best.by_chance AS by_chance
RETURN layer, filter, parts, part, patterns, pattern, on_part, by_chance, p.x AS x, p.y AS y
ORDER BY parts DESC, surest DESC, layer, filter, part
LIMIT $limit
