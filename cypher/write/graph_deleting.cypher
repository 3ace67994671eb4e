// A graph that is being deleted is seen by no question
MATCH (g:ExplanatoryGraph {id: $graph})
SET g.state = 'deleting'
RETURN count(g) AS found
