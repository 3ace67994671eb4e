// The id of a Schema is unique
CREATE CONSTRAINT schema_id IF NOT EXISTS
FOR (n:Schema)
REQUIRE n.id IS UNIQUE
