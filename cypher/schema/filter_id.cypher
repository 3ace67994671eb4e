// The id of a Filter is unique
CREATE CONSTRAINT filter_id IF NOT EXISTS
FOR (n:Filter)
REQUIRE n.id IS UNIQUE
