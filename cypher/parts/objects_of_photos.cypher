// The objects on some photos that complete graphs of a category were mined from; photos by their whole hash
UNWIND $sha256 AS sha256
MATCH (o:Object)
WHERE o.id STARTS WITH left(sha256, 12) + '#' AND o.sha256 = sha256
MATCH (o)-[:IN_GRAPH]->(g:ExplanatoryGraph {category: $category, state: 'complete'})
RETURN g.id AS graph, o.sha256 AS sha256, o.box AS box
ORDER BY graph, box[0], box[1], box[2], box[3]
