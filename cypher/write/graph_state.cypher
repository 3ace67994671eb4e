// A graph that is damaged is seen by no question, and one that is mended is seen again; the transaction holds it
MATCH (g:ExplanatoryGraph {id: $graph})
SET g.state = $state
