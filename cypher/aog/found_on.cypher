// Where an And-Or graph found its part on the objects of its graph
//
// x, y: in fractions of the object's box as photographed. residual_x, residual_y: of the place from where the patterns
// put it together, in the canonical view.
MATCH (a:AndOrGraph {id: $id})
UNWIND range(0, size($object) - 1) AS i
MATCH (o:Object {id: $object[i]})
CREATE
  (a)-
    [:FOUND_ON {
        x: $x[i],
        y: $y[i],
        residual_x: $residual_x[i],
        residual_y: $residual_y[i],
        confidence: $confidence[i],
        place_confidence: $place_confidence[i],
        trust: $trust[i],
        template: $template[i],
        row: $row[i]
      }]->
  (o)
RETURN count(*) AS rows
