// A network, shared by all graphs mined from it
//
// The last SET takes its lock, so that it is not removed before the graph is there.
MERGE (n:Network {id: $id})
  ON CREATE SET n += $properties
SET n.held = coalesce(n.held, 0) + 1
