// How do two parts stand to each other?
//
// The first row sums up the others: pairs is their number; dx, dy are their mean, in which each pair has the weight 1 /
// sigma^2; sigma and apart are their means. Each further row is a pair of patterns, one on each part, whose
// displacement the graph has; the steadiest pair comes first. A pattern that lies on both parts is left out. dx, dy:
// how far the first part's pattern stands to the right of and below the other's, in fractions of the object, turned to
// its canonical side. sigma: standard deviation of this displacement; apart: the control of sigma, its value if the two
// moved independently. on_part, on_other: of the objects on which each pattern fires, the share on which it is expected
// inside the box of its part, a lower bound (95 %), over those that a person labelled and those on which an And-Or graph
// surely found the part. by_chance, by_chance_other: their controls, what the best of all patterns would reach if all
// stood at random places.
// boxes_dx, boxes_dy: what the boxes themselves say, over the objects of the graph that show both parts; boxes: how
// many those are.
//
// :param category: category, required. The kind of object.
// :param part: part, required. The part's name.
// :param other_part: part, required. The other part's name.
// :param graph: graph, optional. The graph's name, where the category has several.
// :param share: number, optional. Smallest share (on_part, on_other) of a pattern on its part; without it, more than
//   by_chance.
// :param allowance: number = 0. How far below by_chance a share may be, where no share is given.
// :param limit: integer = 50. The largest number of rows.
// :returns pairs, pattern, other_pattern, dx, dy, sigma, apart, on_part, by_chance, on_other, by_chance_other, boxes_dx,
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
MATCH (g)-[c:COVERS]->(:Part {id: $category + '/' + $part})
MATCH (g)-[e:COVERS]->(:Part {id: $category + '/' + $other_part})
// Begin at the part on which fewer patterns lie; `first` where that is the first one.
WITH
  g.id + '/' AS prefix,
  c.patterns <= e.patterns AS first,
  {boxes: boxes, boxes_dx: boxes_dx, boxes_dy: boxes_dy} AS known
WITH
  known,
  first,
  prefix +
  CASE
    WHEN first THEN $part
    ELSE $other_part
  END AS here,
  prefix +
  CASE
    WHEN first THEN $other_part
    ELSE $part
  END AS there
MATCH (p:Pattern)-[l:LIES_ON {of: here}]->(:Part)
WHERE coalesce(l.share >= $share, l.share > l.by_chance - $allowance)
// From each of these few to its neighbours; a planner may else begin with all patterns on the other part.
WITH known, first, here, there, collect({pattern: p, share: l.share, by_chance: l.by_chance}) AS found
UNWIND found AS one
WITH known, first, here, there, one, one.pattern AS p
WITH
  known,
  first,
  here,
  there,
  p,
  one,
  [
    (p)-[m:LIES_ON]->(:Part)
    WHERE m.of = there AND coalesce(m.share >= $share, m.share > m.by_chance - $allowance)
    | m.of
  ] AS others
WHERE size(others) = 0
MATCH (p)-[d:DISPLACED_FROM]-(q:Pattern)
// In the order of the answer, so that only the first of them are looked at.
WITH known, first, here, there, p, one, d, q, d.sigma AS sigma
ORDER BY sigma
WITH
  known,
  first,
  there,
  p,
  one,
  d,
  q,
  sigma,
  [
    (q)-[m:LIES_ON]->(:Part)
    WHERE m.of IN [here, there] AND coalesce(m.share >= $share, m.share > m.by_chance - $allowance)
    | {of: m.of, share: m.share, by_chance: m.by_chance}
  ] AS parts
WHERE size(parts) = 1 AND parts[0].of = there
WITH
  known,
  d,
  sigma,
  sqrt(p.spread ^ 2 + q.spread ^ 2) AS apart,
  CASE
    WHEN first = (startNode(d).id = p.id) THEN 1
    ELSE -1
  END AS sign,
  first,
  {id: p.id, share: one.share, by_chance: one.by_chance} AS near,
  {id: q.id, share: parts[0].share, by_chance: parts[0].by_chance} AS far
WITH
  known,
  d,
  sigma,
  apart,
  sign,
  CASE
    WHEN first THEN near
    ELSE far
  END AS one,
  CASE
    WHEN first THEN far
    ELSE near
  END AS two
WITH
  known,
  one.id AS pattern,
  two.id AS other_pattern,
  sign * d.dx AS dx,
  sign * d.dy AS dy,
  sigma,
  apart,
  one.share AS on_part,
  one.by_chance AS by_chance,
  two.share AS on_other,
  two.by_chance AS by_chance_other
ORDER BY sigma, pattern, other_pattern
LIMIT $limit
WITH
  known,
  collect({
    pattern: pattern,
    other_pattern: other_pattern,
    dx: dx,
    dy: dy,
    sigma: sigma,
    apart: apart,
    on_part: on_part,
    by_chance: by_chance,
    on_other: on_other,
    by_chance_other: by_chance_other
  })[0..$limit - 1] AS found
// One row of the answer is the summary.
WHERE size(found) > 0
WITH
  known,
  found,
  reduce(sum = 0.0, r IN found | sum + 1 / (r.sigma ^ 2 + 0.000001)) AS weight,
  reduce(sum = 0.0, r IN found | sum + r.dx / (r.sigma ^ 2 + 0.000001)) AS dx,
  reduce(sum = 0.0, r IN found | sum + r.dy / (r.sigma ^ 2 + 0.000001)) AS dy,
  reduce(sum = 0.0, r IN found | sum + r.sigma) AS sigma,
  reduce(sum = 0.0, r IN found | sum + r.apart) AS apart
UNWIND [{pairs: size(found), dx: dx / weight, dy: dy / weight, sigma: sigma / size(found), apart: apart / size(found)}] +
found AS r
RETURN
  r.pairs AS pairs,
  r.pattern AS pattern,
  r.other_pattern AS other_pattern,
  r.dx AS dx,
  r.dy AS dy,
  r.sigma AS sigma,
  r.apart AS apart,
  r.on_part AS on_part,
  r.by_chance AS by_chance,
  r.on_other AS on_other,
  r.by_chance_other AS by_chance_other,
  known.boxes_dx AS boxes_dx,
  known.boxes_dy AS boxes_dy,
  known.boxes AS boxes
