// The boxes of parts that a person drew on an object
MATCH (:Object {id: $object})-[s:SHOWS]->(part:Part)
RETURN part.name AS part, s.box AS box
ORDER BY part, box[0], box[1]
