// The parts on which a pattern lies, and how surely the best of all patterns would by chance
MATCH (p:Pattern {id: $pattern})-[l:LIES_ON]->(part:Part)
MATCH (:ExplanatoryGraph {id: $graph})-[:COVERS]->(part)
RETURN part.name AS part, l.share AS share, l.by_chance AS by_chance, l.objects AS objects
ORDER BY share DESC, part
