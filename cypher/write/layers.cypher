// The layers of a network, shared by all graphs mined from it
MATCH (n:Network {id: $network})
UNWIND $layers AS row
MERGE (l:Layer {id: row.id})
  ON CREATE SET
    l.name = row.name,
    l.index = row.index,
    l.channels = row.channels,
    l.height = row.height,
    l.width = row.width,
    l.stride = row.stride,
    l.first_centre = row.first_centre,
    l.receptive_field = row.receptive_field
MERGE (l)-[:IN_NETWORK]->(n)
