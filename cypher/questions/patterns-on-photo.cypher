// Which patterns fire on a photo?
//
// The patterns that fire most strongly on the objects of one photo, object by object. A graph keeps the strongest of
// each layer on every object, of each pattern those on nine objects, and all on objects that show a labelled part.
// score: how strongly it fires; usual: the control, the mean of the score over all objects. x, y: where it fires, the
// centre of the network's unit, in pixels of the photo. activation: the network's own output there. likeness: how well
// the context there fits the pattern, at most 1. expected_x, expected_y: where the object's pose, which all patterns
// tell together, puts this pattern, in pixels of the photo. box: the object.
//
// :param category: category, required. The kind of object.
// :param photo: photo, required. The photo's file name or path, or the id of an object.
// :param graph: graph, optional. The graph's name, where the category has several.
// :param layer: layer, optional. Only patterns of this layer.
// :param limit: integer = 50. The largest number of rows.
// :returns object, pattern, layer, filter, score, usual, x, y, activation, likeness, expected_x, expected_y, box
MATCH (g:ExplanatoryGraph {category: $category, state: 'complete'})
WHERE $graph IS NULL OR $graph IN [g.id, g.name]
MATCH (o:Object)
WHERE $photo IN [o.id, o.path] OR o.path ENDS WITH '/' + $photo
// From the few objects to their patterns; a planner may else begin with all patterns of the graph.
WITH g, collect(o) AS objects
UNWIND objects AS o
MATCH (o)<-[f:FIRES_ON]-(p:Pattern)
// In the order of the answer, so that only the first of them are looked at.
WITH g, o, o.id AS object, f, p, f.score AS score
ORDER BY object, score DESC
WITH g, o, object, f, p, score
WHERE p.graph = g.id AND ($layer IS NULL OR p.layer = $layer)
RETURN
  object,
  p.id AS pattern,
  p.layer AS layer,
  p.filter AS filter,
  score,
  p.usual AS usual,
  o.box[0] + f.x * o.box[2] AS x,
  o.box[1] + f.y * o.box[3] AS y,
  f.activation AS activation,
  f.likeness AS likeness,
  o.box[0] + f.expected_x * o.box[2] AS expected_x,
  o.box[1] + f.expected_y * o.box[3] AS expected_y,
  o.box AS box
ORDER BY object, score DESC, pattern
LIMIT $limit
