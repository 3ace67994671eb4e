// The And-Or graph that a job has made
MATCH (j:Job {id: $job})
MATCH (a:AndOrGraph {id: $product})
MERGE (j)-[:PRODUCED]->(a)
