// Delete those of some objects that no graph was mined from and no person labelled
UNWIND $objects AS id
MATCH (o:Object {id: id})
WHERE NOT (o)--()
DELETE o
