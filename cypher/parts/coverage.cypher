// On how many objects a graph's patterns were counted on the parts of its category, and on how many a person drew them
MATCH (g:ExplanatoryGraph {id: $graph})-[c:COVERS]->(part:Part {category: $category})
OPTIONAL MATCH (part)<-[:SHOWS]-(o:Object)
WITH part, c, count(DISTINCT o) AS objects
RETURN part.name AS part, c.labelled AS labelled, c.found AS found, objects
ORDER BY part
