// The id of a Template is unique
CREATE CONSTRAINT template_id IF NOT EXISTS
FOR (n:Template)
REQUIRE n.id IS UNIQUE
