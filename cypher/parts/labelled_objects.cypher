// The objects of a category that show a labelled part, with the boxes
MATCH (p:Part {category: $category})<-[s:SHOWS]-(o:Object)
RETURN
  o.id AS id,
  o.path AS path,
  o.sha256 AS sha256,
  o.photo_width AS photo_width,
  o.photo_height AS photo_height,
  o.box AS box,
  p.name AS part,
  s.box AS part_box
ORDER BY id, part, part_box[0], part_box[1], part_box[2], part_box[3]
