// Where a graph's patterns lie on a part: expected inside a box that a person drew, on labelled objects on which they
// fire
//
// by_chance: how likely a place drawn at random is inside. share: of the labelled objects on which the pattern fires,
// those on which it is inside a box, with one object more that counts as chance would have it. objects: how many those
// are, without that one; score: its mean score inside.
MATCH (g:ExplanatoryGraph {id: $graph})
MATCH (part:Part {id: $category + '/' + $part})
OPTIONAL MATCH (part)<-[s:SHOWS]-(o:Object)
WHERE
  EXISTS {
    MATCH (o)<-[:FIRES_ON]-(placed:Pattern)
    WHERE placed.graph = g.id
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
WITH g, part, o, boxes, reduce(area = 0.0, b IN boxes | area + (b[2] - b[0]) * (b[3] - b[1])) AS area
WITH g, part, count(o) AS objects, avg(area) AS by_chance, collect({object: o, boxes: boxes}) AS shown
CREATE (g)-[c:COVERS {objects: objects, by_chance: by_chance, patterns: 0}]->(part)
WITH g.id AS graph, part, c, shown
UNWIND shown AS one
WITH graph, part, c, one, one.object AS o
WHERE o IS NOT NULL
MATCH (o)<-[f:FIRES_ON]-(p:Pattern)
WITH graph, part, c, one.boxes AS boxes, f, p, f.expected_x AS x, f.expected_y AS y
WHERE p.graph = graph
WITH
  graph,
  part,
  c,
  p,
  f.score AS score,
  any(b IN boxes WHERE b[0] <= x AND x <= b[2] AND b[1] <= y AND y <= b[3]) AS inside
WITH
  graph,
  part,
  c,
  p,
  count(*) AS fired,
  sum(
    CASE
      WHEN inside THEN 1
      ELSE 0
    END) AS hits,
  avg(
    CASE
      WHEN inside THEN score
    END) AS score
WHERE hits > 0
CREATE
  (p)-
    [l:LIES_ON {
        of: graph + '/' + $part,
        layer: p.layer,
        filter: p.filter,
        share: (hits + c.by_chance) / (fired + 1),
        objects: fired,
        score: score
      }]->
  (part)
WITH c, count(l) AS patterns
SET c.patterns = patterns
