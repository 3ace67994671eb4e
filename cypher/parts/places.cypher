// Where a graph's patterns lie on a part: expected inside a box that a person drew, on labelled objects on which they
// fire
//
// share: lower bound of the share of the labelled objects on which the pattern fires where it is inside a box;
// fires_share: the same of the unit on which it fires. Both are Wilson's, of `deviations`. by_chance: `by_chance[n]`
// for patterns that fire on n of the objects. Kept are patterns that are inside more often than places drawn at random.
MATCH (:ExplanatoryGraph {id: $graph})-[c:COVERS]->(part:Part {id: $category + '/' + $part})
MATCH (part)<-[s:SHOWS]-(o:Object)
WHERE
  NOT EXISTS {
    MATCH (o)-[r:IN_GRAPH]->(h:ExplanatoryGraph)
    WHERE h.id = $graph AND r.unplaced
  }
WITH part, c, o, s.box AS box, o.box AS frame
WITH
  part,
  c,
  o,
  collect([
    (box[0] - frame[0]) / frame[2],
    (box[1] - frame[1]) / frame[3],
    (box[0] + box[2] - frame[0]) / frame[2],
    (box[1] + box[3] - frame[1]) / frame[3]
  ]) AS boxes
MATCH (o)<-[f:FIRES_ON]-(p:Pattern)
WHERE p.graph = $graph
WITH
  part,
  c,
  p,
  f.score AS score,
  any(b IN boxes WHERE b[0] <= f.expected_x AND f.expected_x <= b[2] AND b[1] <= f.expected_y AND f.expected_y <= b[3]) AS inside,
  any(b IN boxes WHERE b[0] <= f.x AND f.x <= b[2] AND b[1] <= f.y AND f.y <= b[3]) AS fires_inside
WITH
  part,
  c,
  p,
  count(*) AS fired,
  sum(
    CASE
      WHEN inside THEN 1
      ELSE 0
    END) AS hits,
  sum(
    CASE
      WHEN fires_inside THEN 1
      ELSE 0
    END) AS fires_hits,
  avg(
    CASE
      WHEN inside THEN score
    END) AS score
WHERE hits > c.area * fired
WITH
  part,
  c,
  p,
  fired,
  score,
  toFloat(hits) / fired AS share,
  toFloat(fires_hits) / fired AS fires_share,
  $deviations ^ 2 / fired AS z
CREATE
  (p)-
    [l:LIES_ON {
        of: $graph + '/' + $part,
        layer: p.layer,
        filter: p.filter,
        share: (share + z / 2 - sqrt(z * (share * (1 - share) + z / 4))) / (1 + z),
        fires_share: (fires_share + z / 2 - sqrt(z * (fires_share * (1 - fires_share) + z / 4))) / (1 + z),
        by_chance: $by_chance[fired],
        objects: fired,
        labelled: fired,
        score: score
      }]->
  (part)
WITH c, count(l) AS patterns
SET c.patterns = patterns
