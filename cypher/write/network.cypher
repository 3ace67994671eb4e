// A network, shared by all graphs mined from it
//
// :param id: text, required. The network's id, name@hash.
MERGE (n:Network {id: $id})
  ON CREATE SET
    n.name = $name,
    n.weights_sha256 = $weights_sha256,
    n.weights_source = $weights_source,
    n.preprocessing = $preprocessing
