// The id of a Network is unique
CREATE CONSTRAINT network_id IF NOT EXISTS
FOR (n:Network)
REQUIRE n.id IS UNIQUE
