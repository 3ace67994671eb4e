// All networks of this database
MATCH (n:Network)
RETURN n.id AS id
ORDER BY id
