// The version of the schema that this database has
MATCH (s:Schema {id: 'schema'})
RETURN s.version AS version
