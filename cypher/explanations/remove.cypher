// Remove an explanation
MATCH (e:Explanation {id: $id})
DETACH DELETE e
