// A new explanatory graph, not yet complete, and how it reads each layer
CREATE (g:ExplanatoryGraph {id: $id, state: 'writing', batches_written_even: 0, batches_written_odd: 0})
SET g += $properties
WITH g
UNWIND $layers AS row
MATCH (l:Layer {id: row.id})
CREATE (g)-[r:READS]->(l)
SET r += row.reading
RETURN count(r) AS rows
