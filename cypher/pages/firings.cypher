// Where some patterns fire, on the objects on which each fires most strongly
UNWIND $patterns AS pattern
MATCH (:Pattern {id: pattern})-[f:FIRES_ON]->(o:Object)
WITH pattern, f, o, o.id AS object
ORDER BY pattern, f.score DESC, object
WITH
  pattern,
  collect({
    path: o.path,
    sha256: o.sha256,
    photo_width: o.photo_width,
    photo_height: o.photo_height,
    box: o.box,
    x: f.x,
    y: f.y,
    expected_x: f.expected_x,
    expected_y: f.expected_y,
    activation: f.activation,
    score: f.score,
    likeness: f.likeness
  }) AS seen
RETURN pattern, seen[..$most] AS seen
