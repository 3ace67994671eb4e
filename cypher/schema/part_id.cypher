// The id of a Part is unique
CREATE CONSTRAINT part_id IF NOT EXISTS
FOR (n:Part)
REQUIRE n.id IS UNIQUE
