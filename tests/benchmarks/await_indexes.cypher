// Wait until every index of Neo4j is filled
CALL db.awaitIndexes(600)
