// Begin to sum up where a graph's patterns lie on a part: the labelled objects on which they were placed
//
// area: share of an object that the boxes cover, which is how likely a place drawn at random is inside.
MATCH (g:ExplanatoryGraph {id: $graph})
MATCH (part:Part {id: $category + '/' + $part})
OPTIONAL MATCH (part)<-[s:SHOWS]-(o:Object)
WHERE
  EXISTS {
    MATCH (o)<-[:FIRES_ON]-(placed:Pattern)
    WHERE placed.graph = g.id
  } AND
  NOT EXISTS {
    MATCH (o)-[r:IN_GRAPH]->(h:ExplanatoryGraph)
    WHERE h.id = $graph AND r.unplaced
  }
WITH g, part, o, sum(s.box[2] * s.box[3] / (o.box[2] * o.box[3])) AS area
WITH g, part, count(o) AS objects, avg(area) AS area
CREATE (g)-[:COVERS {labelled: objects, found: 0, area: coalesce(area, 0.0), patterns: 0}]->(part)
RETURN objects, coalesce(area, 0.0) AS area, g.patterns AS patterns
