// The names and notes that a person gave some filters
UNWIND $filters AS filter
MATCH (f:Filter {id: filter})
WHERE f.own_name > ''
RETURN f.id AS filter, f.own_name AS own_name, f.note AS note
