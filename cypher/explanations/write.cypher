// An explanation of an object, in place of one of the same id
//
// What speaks for and against follows in the same transaction, which holds the graph.
MATCH (o:Object {id: $object})
CREATE (e:Explanation {id: $id})
SET e += $properties
CREATE (e)-[:EXPLAINS]->(o)
RETURN count(*) AS rows
