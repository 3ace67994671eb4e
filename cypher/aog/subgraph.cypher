// The patterns that a person's boxes of a part lead to: those that fire on a labelled object and are expected inside its
// box, made larger by `grown`, and their partners
//
// From these patterns alone an And-Or graph is learnt.
MATCH (:Part {id: $category + '/' + $part})<-[s:SHOWS]-(o:Object)
WHERE o.id IN $object
WITH o, s.box AS box, o.box AS frame
WITH
  o,
  (box[0] + box[2] / 2.0 - frame[0]) / frame[2] AS x,
  (box[1] + box[3] / 2.0 - frame[1]) / frame[3] AS y,
  $grown / 2.0 * box[2] / frame[2] AS across,
  $grown / 2.0 * box[3] / frame[3] AS down
MATCH (o)<-[f:FIRES_ON]-(p:Pattern)
WHERE p.graph = $graph AND p.layer IN $layer AND abs(f.expected_x - x) <= across AND abs(f.expected_y - y) <= down
WITH collect(DISTINCT p) AS seeds
UNWIND seeds AS p
OPTIONAL MATCH (p)-[:CO_ACTIVATES_WITH|DISPLACED_FROM]-(q:Pattern)
WHERE q.layer IN $layer
WITH seeds, collect(DISTINCT q) AS partners
UNWIND seeds + partners AS pattern
// What is sorted holds three values a row; with the lists the embedded database would keep them once for each pattern.
WITH DISTINCT pattern.layer AS layer, pattern.filter AS filter, pattern.number AS number
RETURN layer, filter, number
ORDER BY layer, filter, number
