// The photos of a category, by file name; the path of one, or the id of an object, where that is what was given
MATCH (:ExplanatoryGraph {category: $category, state: 'complete'})<-[:IN_GRAPH]-(o:Object)
RETURN
  CASE
    WHEN $value IN [o.id, o.path] THEN $value
    ELSE last(split(o.path, '/'))
  END AS value
  UNION
MATCH (:Part {category: $category})<-[:SHOWS]-(o:Object)
RETURN
  CASE
    WHEN $value IN [o.id, o.path] THEN $value
    ELSE last(split(o.path, '/'))
  END AS value
