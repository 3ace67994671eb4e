// Note the version of the schema
//
// :param version: integer, required. The version that this egraph writes.
MERGE (s:Schema {id: 'schema'})
SET s.version = $version
