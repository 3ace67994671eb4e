// Draw what this database holds
//
// The networks with the layers that were mined, and the complete graphs that read them.
MATCH read = (:ExplanatoryGraph {state: 'complete'})-[:READS]->(:Layer)-[:IN_NETWORK]->(:Network)
RETURN read
