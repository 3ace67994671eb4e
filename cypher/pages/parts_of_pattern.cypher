// The parts on which a pattern lies, and how likely a place drawn at random does
MATCH (p:Pattern {id: $pattern})-[l:LIES_ON]->(part:Part)
MATCH (:ExplanatoryGraph {id: $graph})-[c:COVERS]->(part)
RETURN part.name AS part, l.share AS share, c.by_chance AS by_chance, l.objects AS objects
ORDER BY share DESC, part
