// The id of a AndOrGraph is unique
CREATE CONSTRAINT and_or_graph_id IF NOT EXISTS
FOR (n:AndOrGraph)
REQUIRE n.id IS UNIQUE
