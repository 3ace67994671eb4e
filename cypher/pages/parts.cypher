// The parts of a graph: on how many objects each is labelled, how many patterns lie on it
MATCH (g:ExplanatoryGraph {id: $graph})
MATCH (part:Part {category: g.category})
OPTIONAL MATCH (g)-[c:COVERS]->(part)
OPTIONAL MATCH (part)<-[:SHOWS]-(o:Object)
WITH
  part.name AS part,
  part.own_name AS own_name,
  part.note AS note,
  c.area AS by_chance,
  c.patterns AS patterns,
  count(DISTINCT o.id) AS labelled
RETURN part, own_name, note, by_chance, patterns, labelled
ORDER BY part
