// Whether a graph's patterns were placed on objects that show a part
MATCH (:ExplanatoryGraph {id: $graph})-[c:COVERS]->(:Part {id: $category + '/' + $part})
WHERE c.labelled > 0
RETURN c.labelled AS objects
