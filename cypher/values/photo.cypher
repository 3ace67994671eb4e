// The photos of a category, by file name; the path of one, or the id of an object, where that is what was given
MATCH (o:Object)
WHERE
  EXISTS { (o)-[:IN_GRAPH]->(:ExplanatoryGraph {category: $category, state: 'complete'}) } OR
  EXISTS {
  (o)-[:SHOWS]->(:Part {category: $category})
  }
RETURN DISTINCT
  CASE
    WHEN $value IN [o.id, o.path] THEN $value
    ELSE last(split(o.path, '/'))
  END AS value
