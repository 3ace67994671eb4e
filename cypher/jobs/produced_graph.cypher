// The explanatory graph that a job has made
MATCH (j:Job {id: $job})
MATCH (g:ExplanatoryGraph {id: $product})
MERGE (j)-[:PRODUCED]->(g)
