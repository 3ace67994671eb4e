// Draw what this database holds
//
// The networks with the layers that were mined, and the complete graphs that read them. address: the page of a
// graph, in `egraph browse`.
//
// :param port: integer = 7480. The port at which `egraph browse` listens.
MATCH read = (g:ExplanatoryGraph {state: 'complete'})-[:READS]->(:Layer)-[:IN_NETWORK]->(:Network)
RETURN read, replace('http://127.0.0.1:' + toString($port) + '/graph/' + g.id, ' ', '%20') AS address
