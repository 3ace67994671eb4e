// Where a graph's patterns lie on a part: inside a box that a person drew, on labelled objects on which it was placed
//
// objects: how many those are. by_chance: how likely a place drawn at random is inside. share: of these objects, those on which the pattern is inside
// a box; score: its mean score there.
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
WITH g.id AS graph, part, c, objects, shown
UNWIND shown AS one
WITH graph, part, c, objects, one.object AS o, one.boxes AS boxes
WHERE o IS NOT NULL
MATCH (o)<-[f:FIRES_ON]-(p:Pattern)
WHERE any(b IN boxes WHERE b[0] <= f.x AND f.x <= b[2] AND b[1] <= f.y AND f.y <= b[3]) AND p.graph = graph
WITH graph, part, c, objects, p, count(*) AS hits, avg(f.score) AS score
CREATE
  (p)-
    [l:LIES_ON {
        of: graph + '/' + $part,
        layer: p.layer,
        filter: p.filter,
        share: toFloat(hits) / objects,
        score: score
      }]->
  (part)
WITH c, count(l) AS patterns
SET c.patterns = patterns
