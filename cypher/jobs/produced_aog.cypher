// The And-Or graph that a job has made, if it is still there
MATCH (j:Job {id: $job})
MATCH (a:AndOrGraph {id: $product})
MERGE (j)-[:PRODUCED]->(a)
RETURN count(a) AS found
