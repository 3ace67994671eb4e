// :name constraint
// No two nodes of a label have the same value of a property
CREATE CONSTRAINT __name__ IF NOT EXISTS
FOR (n:__label__)
REQUIRE n.__property__ IS UNIQUE;

// :name node_index
// Nodes of a label are found by properties
CREATE INDEX __name__ IF NOT EXISTS
FOR (n:__label__)
ON (n.__property__);

// :name relationship_index
// Relationships of a type are found by properties
CREATE INDEX __name__ IF NOT EXISTS
FOR ()-[r:__type__]-()
ON (r.__property__);
