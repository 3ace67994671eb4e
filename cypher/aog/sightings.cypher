// Where patterns of an And-Or graph fire best, on objects of each template
//
// x, y: between where the pattern fires and where it is expected, part_x, part_y: of the part, in fractions of the
// object's box as photographed.
UNWIND $pattern AS pattern
MATCH (:Pattern {id: pattern})-[s:FIRES_ON]->(o:Object)
MATCH (o)-[r:IN_GRAPH]->(:ExplanatoryGraph {id: $graph})
MATCH (o)<-[f:FOUND_ON]-(:AndOrGraph {id: $id})
WITH pattern, s, f, o, r, o.id AS id
ORDER BY s.score DESC, id
WITH
  pattern,
  f.template AS template,
  collect({
    path: o.path,
    sha256: o.sha256,
    photo_width: o.photo_width,
    photo_height: o.photo_height,
    box: o.box,
    mirrored: r.mirrored,
    part_x: f.x,
    part_y: f.y,
    x: (s.x + s.expected_x) / 2,
    y: (s.y + s.expected_y) / 2,
    score: s.score
  }) AS objects
RETURN pattern, template, objects[..$most] AS objects
ORDER BY pattern, template
