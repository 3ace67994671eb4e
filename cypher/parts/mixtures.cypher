// What is noted of a graph's filters that mix parts, the parts whose patterns are counted, and how many of them it does
// not rest on
MATCH (g:ExplanatoryGraph {id: $graph})
OPTIONAL MATCH (g)-[c:COVERS]->(part:Part)
RETURN
  g.mixtures AS mixtures,
  collect(part.name) AS parts,
  sum(
    CASE
      WHEN c.area IS NULL OR c.mixed THEN 0
      ELSE 1
    END) AS waiting
