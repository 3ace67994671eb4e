// A graph whose batches are all written becomes visible
MATCH (g:ExplanatoryGraph {id: $graph})
SET g.state = 'complete'
