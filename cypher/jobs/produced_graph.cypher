// The explanatory graph that a job has made, if it is still there
MATCH (j:Job {id: $job})
MATCH (g:ExplanatoryGraph {id: $product, state: 'complete'})
MERGE (j)-[:PRODUCED]->(g)
RETURN count(g) AS found
