// Remove the boxes of one part on one photo
MATCH (:Part {id: $category + '/' + $part})<-[s:SHOWS]-(o:Object {sha256: $sha256})
DELETE s
RETURN count(s) AS boxes, collect(DISTINCT o.id) AS objects
