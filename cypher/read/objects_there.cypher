// Which of some objects the database knows
MATCH (o:Object)
WHERE o.id IN $ids
RETURN o.id AS id
ORDER BY id
