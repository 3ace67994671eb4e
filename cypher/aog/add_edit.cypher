// A change that a person made to an And-Or graph
MATCH (a:AndOrGraph {id: $aog})
CREATE (e:Edit {id: $id})
SET e += $properties
CREATE (e)-[:CHANGED]->(a)
RETURN count(*) AS rows
