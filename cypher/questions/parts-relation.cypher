// How do two parts stand to each other?
//
// Pairs of patterns, one on each part, of which the graph knows how far apart they stand, the steadiest first. A
// pattern that lies on both parts is left out. dx, dy: how far the first part's pattern stands to the right of and
// below the other's, in fractions of the object, turned to its canonical side. sigma: how much that varies; apart: how
// much it would if the two moved each on its own, its control. on_part, on_other: share of the labelled objects on
// which each pattern is inside a box; by_chance, by_chance_other: the same for a place drawn at random. boxes_dx,
// boxes_dy: what the boxes themselves say, over the objects of the graph that show both parts; boxes: how many those
// are.
//
// :param category: category, required. The kind of object.
// :param part: part, required. The part's name.
// :param other_part: part, required. The other part's name.
// :param graph: graph, optional. The graph's name, where the category has several.
// :param share: number = 0.5. Smallest share of the labelled objects on which a pattern is on its part.
// :param limit: integer = 50. At most so many rows.
// :returns pattern, other_pattern, dx, dy, sigma, apart, on_part, by_chance, on_other, by_chance_other, boxes_dx,
//   boxes_dy, boxes
MATCH (g:ExplanatoryGraph {category: $category, state: 'complete'})
WHERE $graph IS NULL OR $graph IN [g.id, g.name]
MATCH (part:Part {category: $category})<-[s:SHOWS]-(o:Object)
WHERE
  part.name IN [$part, $other_part] AND
  EXISTS {
    MATCH (o)<-[:FIRES_ON]-(placed:Pattern)
    WHERE placed.id STARTS WITH g.id + '/'
  }
WITH g, part.name AS part, o, s.box AS box, o.box AS frame
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
OPTIONAL MATCH (o)-[seen:IN_GRAPH]->(g)
WITH g, part, o, boxes,
  CASE
    WHEN seen.mirrored THEN -1
    WHEN seen IS NOT NULL THEN 1
  END AS side
WITH
  g,
  part,
  collect({
    object: o,
    id: o.id,
    side: side,
    boxes: boxes,
    area: reduce(area = 0.0, b IN boxes | area + (b[2] - b[0]) * (b[3] - b[1])),
    x: reduce(x = 0.0, b IN boxes | x + (b[0] + b[2]) / 2) / size(boxes),
    y: reduce(y = 0.0, b IN boxes | y + (b[1] + b[3]) / 2) / size(boxes)
  }) AS shown
WITH g, collect({part: part, shown: shown}) AS parts
WITH
  g,
  head([one IN parts WHERE one.part = $part | one.shown]) AS here,
  head([one IN parts WHERE one.part = $other_part | one.shown]) AS there
WITH
  g,
  here,
  there,
  [
    a IN here
    WHERE a.side IS NOT NULL AND any(b IN there WHERE b.id = a.id)
    | head([b IN there WHERE b.id = a.id | [a.side * (a.x - b.x), a.y - b.y]])
  ] AS steps
WITH
  g,
  here,
  there,
  size(steps) AS boxes,
  CASE
    WHEN size(steps) > 0 THEN reduce(sum = 0.0, s IN steps | sum + s[0]) / size(steps)
  END AS boxes_dx,
  CASE
    WHEN size(steps) > 0 THEN reduce(sum = 0.0, s IN steps | sum + s[1]) / size(steps)
  END AS boxes_dy
UNWIND [{first: true, shown: here}, {first: false, shown: there}] AS side
WITH g, boxes, boxes_dx, boxes_dy, side.first AS first, side.shown AS shown
WITH
  g,
  boxes,
  boxes_dx,
  boxes_dy,
  first,
  shown,
  size(shown) AS labelled,
  reduce(area = 0.0, one IN shown | area + one.area) / size(shown) AS by_chance
UNWIND shown AS one
WITH g.id + '/' AS prefix, boxes, boxes_dx, boxes_dy, first, labelled, by_chance, one.object AS o, one.boxes AS places
MATCH (o)<-[f:FIRES_ON]-(p:Pattern)
WHERE any(b IN places WHERE b[0] <= f.x AND f.x <= b[2] AND b[1] <= f.y AND f.y <= b[3]) AND p.id STARTS WITH prefix
WITH boxes, boxes_dx, boxes_dy, first, labelled, by_chance, p, count(*) AS hits
WITH boxes, boxes_dx, boxes_dy, first, by_chance, p, p.id AS id, toFloat(hits) / labelled AS on_part
WHERE on_part >= $share
WITH boxes, boxes_dx, boxes_dy, p, id, collect({first: first, on_part: on_part, by_chance: by_chance}) AS parts
WHERE size(parts) = 1
WITH boxes, boxes_dx, boxes_dy, collect({pattern: p, id: id, place: parts[0]}) AS found
WITH boxes, boxes_dx, boxes_dy, found, [one IN found | one.id] AS ids
UNWIND found AS one
WITH boxes, boxes_dx, boxes_dy, found, ids, one.pattern AS p, one.id AS id, one.place AS place
MATCH (p)-[d:DISPLACED_FROM]->(q:Pattern)
WHERE q.id IN ids
WITH boxes, boxes_dx, boxes_dy, p, id, place, d, q, head([one IN found WHERE one.id = q.id | one.place]) AS above
WHERE place.first <> above.first
WITH
  boxes,
  boxes_dx,
  boxes_dy,
  d,
  sqrt(p.spread ^ 2 + q.spread ^ 2) AS apart,
  place.first AS first,
  CASE
    WHEN place.first THEN 1
    ELSE -1
  END AS sign,
  id AS lower,
  q.id AS upper,
  place,
  above
WITH
  boxes,
  boxes_dx,
  boxes_dy,
  d,
  sign,
  apart,
  CASE
    WHEN first THEN lower
    ELSE upper
  END AS pattern,
  CASE
    WHEN first THEN upper
    ELSE lower
  END AS other_pattern,
  CASE
    WHEN first THEN place
    ELSE above
  END AS one,
  CASE
    WHEN first THEN above
    ELSE place
  END AS two
RETURN
  pattern,
  other_pattern,
  sign * d.dx AS dx,
  sign * d.dy AS dy,
  d.sigma AS sigma,
  apart,
  one.on_part AS on_part,
  one.by_chance AS by_chance,
  two.on_part AS on_other,
  two.by_chance AS by_chance_other,
  boxes_dx,
  boxes_dy,
  boxes
ORDER BY sigma, pattern, other_pattern
LIMIT $limit
