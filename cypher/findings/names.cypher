// The patterns that a finding names
MATCH (f:Finding {id: $id})
UNWIND $patterns AS pattern
MATCH (p:Pattern {id: pattern})
CREATE (f)-[:NAMES]->(p)
RETURN count(*) AS rows
