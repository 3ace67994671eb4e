// The id of a Pattern is unique
CREATE CONSTRAINT pattern_id IF NOT EXISTS
FOR (n:Pattern)
REQUIRE n.id IS UNIQUE
