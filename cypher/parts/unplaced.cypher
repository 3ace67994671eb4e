// The labelled parts of a category of which a graph does not know where they are
MATCH (g:ExplanatoryGraph {id: $graph})
MATCH (part:Part {category: $category})
WHERE EXISTS { (part)<-[:SHOWS]-(:Object) } AND NOT EXISTS { (g)-[:COVERS]->(part) }
RETURN part.name AS part
ORDER BY part
