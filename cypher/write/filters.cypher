// The filters of one layer
MATCH (l:Layer {id: $layer})
UNWIND $channels AS channel
MERGE (f:Filter {id: $layer + '/' + toString(channel)})
  ON CREATE SET f.channel = channel
MERGE (f)-[:IN_LAYER]->(l)
