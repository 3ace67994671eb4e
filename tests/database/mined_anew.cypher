// Make a graph look as if it had been removed and mined anew, from other photos
MATCH (g:ExplanatoryGraph {id: $graph})
SET g.content = 'another'
