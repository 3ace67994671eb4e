// A network, to be loaded again
MATCH (n:Network {id: $network})
RETURN n.name AS name, n.weights_source AS weights_source, n.preprocessing AS preprocessing
