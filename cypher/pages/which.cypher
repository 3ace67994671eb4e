// What some ids are the ids of: patterns, filters
UNWIND $ids AS id
MATCH (p:Pattern {id: id})
RETURN 'pattern' AS kind, p.id AS id
  UNION
UNWIND $ids AS id
MATCH (f:Filter {id: id})
RETURN 'filter' AS kind, f.id AS id
