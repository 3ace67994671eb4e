// The objects that a graph was mined from
//
// They are shared, so those are made that nothing else needs, or that a removal has just taken.
MATCH (g:ExplanatoryGraph {id: $graph})
UNWIND range(0, size($object) - 1) AS i
MERGE (o:Object {id: $object[i]})
  ON CREATE SET
    o.sha256 = $sha256[i],
    o.photo_width = $photo_width[i],
    o.photo_height = $photo_height[i],
    o.box = $box[i]
SET o.path = $path[i]
CREATE (o)-[:IN_GRAPH {row: $row[i], mirrored: $mirrored[i], pose: $pose[i], firings: $firings[i]}]->(g)
RETURN count(*) AS rows
