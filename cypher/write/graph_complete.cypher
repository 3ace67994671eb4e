// A graph whose batches are all written becomes visible; the transaction holds it and has counted what it has
MATCH (g:ExplanatoryGraph {id: $graph, state: 'writing'})
SET g.state = 'complete'
