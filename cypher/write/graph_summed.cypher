// A graph says of each pattern and each layer what its edges say of them
MATCH (g:ExplanatoryGraph {id: $graph})
SET g.summed = true
