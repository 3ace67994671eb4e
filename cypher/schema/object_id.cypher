// The id of a Object is unique
CREATE CONSTRAINT object_id IF NOT EXISTS
FOR (n:Object)
REQUIRE n.id IS UNIQUE
