// The parts on which some patterns lie, and how surely the best of all patterns would by chance
UNWIND $patterns AS pattern
MATCH (:Pattern {id: pattern})-[l:LIES_ON]->(part:Part)
MATCH (:ExplanatoryGraph {id: $graph})-[:COVERS]->(part)
RETURN pattern, part.name AS part, l.share AS share, l.by_chance AS by_chance, l.objects AS objects
ORDER BY pattern, share DESC, part
