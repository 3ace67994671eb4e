// What is the And-Or graph of a part made of?
//
// A part looks like one of some templates (OR), one for each pose; a template is made of patterns that vote together
// for the part's place (AND). A row is a pattern in a template, the largest weight first. If there are no rows, the
// part has no And-Or graph yet; `egraph aog build` makes it. objects: number of labelled objects that the template was
// learnt from. width, height: size of the part in this template. weight: weight of the pattern's vote; where it is
// below 0, the pattern speaks against the part. share: its mean share in the sum of the votes on the template's
// objects. dx, dy: how far the part stands to the right of and below the pattern; sigma: standard deviation of this
// displacement. All in fractions of the object. found: photos on which the And-Or graph found the part.
//
// :param category: category, required. The kind of object.
// :param part: part, required. The part's name.
// :param graph: graph, optional. The graph's name, where the category has several.
// :param name: and_or_graph = "default". The And-Or graph's name.
// :param limit: integer = 100. The largest number of rows.
// :returns template, objects, width, height, pattern, layer, filter, weight, share, dx, dy, sigma, found
MATCH (g:ExplanatoryGraph {category: $category, state: 'complete'})
WHERE $graph IS NULL OR $graph IN [g.id, g.name]
MATCH (a:AndOrGraph {id: g.id + '/' + $part + '/' + $name})
WITH a, COUNT { (a)-[:FOUND_ON]->(:Object) } AS found
MATCH (a)-[:HAS_TEMPLATE]->(t:Template)-[c:COMPOSED_OF]->(p:Pattern)
RETURN
  t.number AS template,
  t.objects AS objects,
  t.box_width AS width,
  t.box_height AS height,
  p.id AS pattern,
  p.layer AS layer,
  p.filter AS filter,
  c.weight AS weight,
  c.share AS share,
  c.dx AS dx,
  c.dy AS dy,
  c.sigma AS sigma,
  found
ORDER BY template, weight DESC, pattern
LIMIT $limit
