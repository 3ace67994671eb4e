// Objects, shared by all graphs and labels; the path is where the photo was seen last
UNWIND range(0, size($object) - 1) AS i
MERGE (o:Object {id: $object[i]})
  ON CREATE SET
    o.sha256 = $sha256[i],
    o.photo_width = $photo_width[i],
    o.photo_height = $photo_height[i],
    o.box = $box[i]
SET o.path = $path[i]
