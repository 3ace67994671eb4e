// A graph that is being deleted is seen by no question, and written to by nobody; this cannot be taken back
MATCH (g:ExplanatoryGraph {id: $graph})
SET g.state = 'deleting'
RETURN count(g) AS found
