// The objects on which an And-Or graph found its part most surely, for each template
//
// x, y: of the part, in fractions of the object's box as photographed.
MATCH (a:AndOrGraph {id: $id})-[f:FOUND_ON]->(o:Object)-[r:IN_GRAPH]->(:ExplanatoryGraph {id: $graph})
WITH f, o, r, o.id AS id
ORDER BY f.trust DESC, f.confidence DESC, id
WITH
  f.template AS template,
  collect({
    path: o.path,
    sha256: o.sha256,
    photo_width: o.photo_width,
    photo_height: o.photo_height,
    box: o.box,
    mirrored: r.mirrored,
    part_x: f.x,
    part_y: f.y
  }) AS objects
RETURN template, objects[..$most] AS objects
ORDER BY template
