// Which filters mix several parts?
//
// Filters of which different patterns lie on different labelled parts. Each pattern counts for one part only, the one
// on which it lies most often beyond chance, so that parts that overlap do not look like a mixture. A row is a filter
// and one of its parts, the filters with most parts first, then those whose weaker part explains most of the filter's
// activation, then those whose weaker part is surest. patterns: how many of the filter's patterns lie on that part;
// activation: the share of the filter's activation that they explain together (null without --explaining). pattern: the
// one most often on it. on_part: of the objects on which that pattern fires, the share on which it is expected inside
// the box of the part, a lower bound (95 %), over objects: those that a person labelled, and those on which an And-Or
// graph surely found the part. by_chance: the control of on_part, what the best of all patterns would reach if all stood
// at random places. x, y: the pattern's mean place in fractions of the object.
//
// :param category: category, required. The kind of object.
// :param graph: graph, optional. The graph's name, where the category has several.
// :param layer: layer, optional. Only filters of this layer.
// :param share: number, optional. Smallest share (on_part) of a pattern on a part; without it, more than by_chance.
// :param allowance: number = 0. How far below by_chance a share may be, where no share is given.
// :param limit: integer = 100. The largest number of rows.
// :returns layer, filter, parts, part, activation, patterns, pattern, on_part, objects, by_chance, x, y
MATCH (g:ExplanatoryGraph {category: $category, state: 'complete'})
WHERE $graph IS NULL OR $graph IN [g.id, g.name]
MATCH (g)-[:COVERS]->(part:Part {category: $category})
WITH part AS on, g.id + '/' + part.name AS of, part.name AS part
MATCH (on)<-[l:LIES_ON {of: of}]-(:Pattern)
WHERE coalesce(l.share >= $share, l.share > l.by_chance - $allowance) AND ($layer IS NULL OR l.layer = $layer)
// Most filters have patterns on one part at most; only the others go on.
WITH l.layer AS layer, l.filter AS filter, min(part) AS one_part, max(part) AS other_part, collect([l, part]) AS found
WHERE one_part <> other_part
UNWIND found AS one
WITH one[0] AS l, one[1] AS part
WITH startNode(l) AS p, part, l.share AS on_part, l.objects AS objects, l.by_chance AS by_chance
WITH p, p.id AS id, part, on_part, objects, by_chance
ORDER BY id, on_part - by_chance DESC, part
WITH p, id, head(collect({part: part, on_part: on_part, objects: objects, by_chance: by_chance})) AS best
WITH
  p.layer AS layer,
  p.filter AS filter,
  p,
  id,
  best.part AS part,
  best.on_part AS on_part,
  best.objects AS objects,
  best.by_chance AS by_chance
ORDER BY layer, filter, part, on_part DESC, id
WITH
  layer,
  filter,
  part,
  count(*) AS patterns,
  // A sum passes over nulls, and would be 0.
  CASE
    WHEN count(p.share) > 0 THEN sum(p.share)
  END AS activation,
  head(collect({pattern: p, id: id, on_part: on_part, objects: objects, by_chance: by_chance})) AS best
WITH
  layer,
  filter,
  min(best.on_part - best.by_chance) AS surest,
  coalesce(min(activation), 0) AS weaker,
  collect({part: part, activation: activation, patterns: patterns, best: best}) AS found
WHERE size(found) > 1
UNWIND found AS one
WITH
  layer,
  filter,
  surest,
  weaker,
  size(found) AS parts,
  one.part AS part,
  one.activation AS activation,
  one.patterns AS patterns,
  one.best AS best
WITH
  layer,
  filter,
  surest,
  weaker,
  parts,
  part,
  activation,
  patterns,
  best.pattern AS p,
  best.id AS pattern,
  best.on_part AS on_part,
  best.objects AS objects,
  best.by_chance AS by_chance
RETURN layer, filter, parts, part, activation, patterns, pattern, on_part, objects, by_chance, p.x AS x, p.y AS y
ORDER BY parts DESC, weaker DESC, surest DESC, layer, filter, part
LIMIT $limit
