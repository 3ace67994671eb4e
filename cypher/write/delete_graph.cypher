// Delete a graph whose patterns and objects are gone
MATCH (g:ExplanatoryGraph {id: $graph})
DETACH DELETE g
