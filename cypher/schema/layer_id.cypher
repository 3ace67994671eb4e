// The id of a Layer is unique
CREATE CONSTRAINT layer_id IF NOT EXISTS
FOR (n:Layer)
REQUIRE n.id IS UNIQUE
