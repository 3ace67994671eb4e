// The layers of a network, shared by all graphs mined from it
MATCH (n:Network {id: $network})
UNWIND $layers AS row
MERGE (l:Layer {id: row.id})
  ON CREATE SET l += row
MERGE (l)-[:IN_NETWORK]->(n)
