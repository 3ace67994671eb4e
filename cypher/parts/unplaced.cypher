// The labelled parts of a category of which a graph does not know where they are
//
// Sums of an earlier egraph have no area.
MATCH (g:ExplanatoryGraph {id: $graph})
MATCH (part:Part {category: $category})
WHERE EXISTS { (part)<-[:SHOWS]-(:Object) }
OPTIONAL MATCH (g)-[c:COVERS]->(part)
WITH part, count(c.area) AS sums
WHERE sums = 0
RETURN part.name AS part
ORDER BY part
