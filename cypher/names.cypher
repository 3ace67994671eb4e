// :name give
// A person's own name for a pattern, a filter or a part; without a note, the one that it has stays
MATCH (n:__label__ {id: $id})
SET n.own_name = $name, n.note = coalesce($note, n.note)
RETURN n.id AS id;

// :name take
// A person's own name and note are taken away
MATCH (n:__label__ {id: $id})
WITH n, n.own_name AS name
REMOVE n.own_name, n.note
RETURN name;
