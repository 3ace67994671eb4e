// What a person gave a name or a note in which a text stands: patterns, filters and parts
MATCH (p:Pattern)
WHERE p.own_name > '' AND toLower(p.own_name) CONTAINS $text
RETURN 'pattern' AS kind, p.id AS id, p.own_name AS own_name
  UNION
MATCH (f:Filter)
WHERE f.own_name > '' AND toLower(f.own_name) CONTAINS $text
RETURN 'filter' AS kind, f.id AS id, f.own_name AS own_name
  UNION
MATCH (a:Part)
WHERE a.own_name > '' AND toLower(a.own_name) CONTAINS $text
RETURN 'part' AS kind, a.id AS id, a.own_name AS own_name
