// Some objects, to export
UNWIND $ids AS id
MATCH (o:Object {id: id})
RETURN properties(o) AS properties
