// Draw the patterns of a part
//
// Of the patterns that lie on the part most often, those that fire together. An orange arrow leads from the lower pattern
// to the upper one and bears the number of photos on which both fire.
//
// :param category: category, required. The kind of object.
// :param part: part, required. The part's name.
// :param graph: graph, optional. The graph's name, where the category has several.
// :param share: number = 0.5. Smallest share of the labelled objects on which a pattern is on the part.
// :param limit: integer = 50. Draw at most so many patterns.
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
WHERE any(b IN boxes WHERE b[0] <= f.x AND f.x <= b[2] AND b[1] <= f.y AND f.y <= b[3]) AND p.id STARTS WITH g.id + '/'
WITH labelled, p, count(*) AS hits
WHERE hits >= $share * labelled
WITH p, hits, p.score AS score, p.id AS id
ORDER BY hits DESC, score DESC, id
LIMIT $limit
WITH collect(p) AS found, collect(id) AS ids
UNWIND found AS p
MATCH together = (p)-[:CO_ACTIVATES_WITH]->(q:Pattern)
WHERE q.id IN ids
RETURN together
