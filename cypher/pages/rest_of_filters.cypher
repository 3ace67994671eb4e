// Which shares of the activation of a layer's filters no pattern of a graph explains: scattered over the object, beside it
UNWIND $channels AS channel
MATCH (:ExplanatoryGraph {id: $graph})-[r:READS]->(:Layer {name: $layer})
RETURN channel, r.filter_scattered[channel] AS scattered, r.filter_beside[channel] AS beside
