"""And-Or graphs: a part that a person named, found on photos by the patterns of a mined graph."""
