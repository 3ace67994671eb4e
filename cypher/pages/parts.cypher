// The parts of a graph: on how many objects each is labelled, how many patterns lie on it
MATCH (g:ExplanatoryGraph {id: $graph})
MATCH (part:Part {category: g.category})
OPTIONAL MATCH (g)-[c:COVERS]->(part)
OPTIONAL MATCH (part)<-[:SHOWS]-(o:Object)
WITH part.name AS part, c.area AS by_chance, c.patterns AS patterns, count(DISTINCT o.id) AS labelled
RETURN part, by_chance, patterns, labelled
ORDER BY part
