// Edges as the driver's manual writes them: rows of maps, MERGE
UNWIND $rows AS row
MATCH (lower:Pattern {id: row.source})
MATCH (upper:Pattern {id: row.target})
MERGE (lower)-[e:MERGED_WITH]->(upper)
SET e += row.properties
