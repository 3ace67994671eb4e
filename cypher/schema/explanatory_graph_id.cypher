// The id of a ExplanatoryGraph is unique
CREATE CONSTRAINT explanatory_graph_id IF NOT EXISTS
FOR (n:ExplanatoryGraph)
REQUIRE n.id IS UNIQUE
