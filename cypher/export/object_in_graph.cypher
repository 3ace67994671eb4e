// How a graph saw some objects, to export
UNWIND $ids AS id
MATCH (o:Object {id: id})-[e:IN_GRAPH]->(g:ExplanatoryGraph {id: $graph})
RETURN o.id AS source, g.id AS target, properties(e) AS properties
