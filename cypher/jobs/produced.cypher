// What a job has made
MATCH (j:Job {id: $job})
MATCH (g:ExplanatoryGraph {id: $graph})
MERGE (j)-[:PRODUCED]->(g)
