// A network, shared by all graphs mined from it
MERGE (n:Network {id: $id})
  ON CREATE SET n += $properties
