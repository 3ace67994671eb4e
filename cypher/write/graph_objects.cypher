// The objects that a graph was mined from
MATCH (g:ExplanatoryGraph {id: $graph})
UNWIND range(0, size($object) - 1) AS i
MATCH (o:Object {id: $object[i]})
CREATE (o)-[:IN_GRAPH {row: $row[i], mirrored: $mirrored[i], pose: $pose[i]}]->(g)
