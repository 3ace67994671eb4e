// On which photos is a filter's output largest?
//
// What the network itself says, before its patterns are told apart: the objects on which the filter's output is
// largest, and the unit where it is. activation: the output. x, y: centre of the unit, where the filter fires, in
// pixels of the photo. box: the object in the photo.
//
// :param category: category, required. The kind of object.
// :param layer: layer, required. The layer's name.
// :param filter: integer, required. The filter's channel.
// :param graph: graph, optional. The graph's name, where the category has several.
// :param limit: integer = 20. The largest number of rows.
// :returns photo, object, activation, x, y, box
MATCH (g:ExplanatoryGraph {category: $category, state: 'complete'})
WHERE $graph IS NULL OR $graph IN [g.id, g.name]
WITH g.id AS graph, g.network + '/' + $layer + '/' + toString($filter) AS filter
MATCH (:Filter {id: filter})-[k:PEAKS_ON {graph: graph}]->(o:Object)
RETURN
  o.path AS photo,
  o.id AS object,
  k.activation AS activation,
  o.box[0] + k.x * o.box[2] AS x,
  o.box[1] + k.y * o.box[3] AS y,
  o.box AS box
ORDER BY activation DESC, object
LIMIT $limit
