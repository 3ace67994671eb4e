"""The types of relationships: between which labels they are, what each carries, what is indexed."""

from egraph.graph.schema.elements import Column, Index, Relationship
from egraph.graph.schema.nodes import (
    BOOLEAN,
    GEOMETRY,
    INTEGER,
    INTEGERS,
    NUMBER,
    NUMBERS,
    OBJECT,
    OTHER,
    PATTERN,
    PIXELS,
    PLACE,
    STEP,
    TEXT,
    TEXTS,
    mined,
)

READING = (
    mined("filter_mean", NUMBERS, "mean and standard deviation of each filter's evidence"),
    mined("filter_deviation", NUMBERS, "mean and standard deviation of each filter's evidence"),
    mined("context_mean", NUMBERS, "mean evidence of each filter, with which anchors compare"),
    mined("context_axes", NUMBERS, "for each filter its weight in each number of a peak's context"),
    mined(
        "filter_scattered",
        NUMBERS,
        "for each filter the share of its activation that no pattern explains: scattered over the object, beside it",
    ),
    mined(
        "filter_beside",
        NUMBERS,
        "for each filter the share of its activation that no pattern explains: scattered over the object, beside it",
    ),
)
SIZES = tuple(
    Column(f"{column.name}_size", INTEGER, "lengths of its patterns' lists")
    for column in PATTERN.columns
    if column.type.is_list
)
READING_SUMS = (
    Column("filter_patterns", INTEGERS, "for each filter, how many patterns it has, and their mean advantage"),
    Column("filter_advantage", NUMBERS, "for each filter, how many patterns it has, and their mean advantage"),
    Column("kept_filters", INTEGER, "how many filters have patterns"),
    Column("support", NUMBER, "mean share of the objects on which a pattern fires"),
    Column("advantage", NUMBER, "mean advantage of the patterns"),
    Column("steps", INTEGER, "number of displacements from patterns above"),
    Column("sigma", NUMBER, "their mean standard deviation", OBJECT),
    Column("apart", NUMBER, "control of `sigma`, its value if the patterns moved independently", OBJECT),
    Column("ties", INTEGER, "number of co-activations with patterns above"),
    Column("lift", NUMBER, "their mean lift"),
    Column("strongest", TEXTS, "filter and number of its 100 patterns with most evidence, those with most first"),
)
"""What the relationships of a layer's patterns say of the layer, summed up."""

SEPARATED_FROM = Relationship(type="SEPARATED_FROM", ends=(("Pattern", "Filter"),))
CO_ACTIVATES_WITH = Relationship(
    type="CO_ACTIVATES_WITH",
    ends=(("Pattern", "Pattern"),),
    between=("lower", "upper"),
    table="co_activations",
    columns=(
        mined("strength", NUMBER, "correlation of the two scores over the objects"),
        mined("lift", NUMBER, "how often they fire together, divided by how often they would by chance"),
        mined("support", INTEGER, "on how many objects both fire"),
    ),
)
DISPLACED_FROM = Relationship(
    type="DISPLACED_FROM",
    ends=(("Pattern", "Pattern"),),
    between=("lower", "upper"),
    table="displacements",
    columns=(
        mined(
            "dx",
            NUMBER,
            "mean place of the lower minus that of the upper one",
            OBJECT,
            mirroring=STEP,
        ),
        mined("dy", NUMBER, "mean place of the lower minus that of the upper one", OBJECT),
        mined("sigma", NUMBER, "standard deviation of that difference over the objects", OBJECT),
        mined(
            "weight",
            NUMBER,
            "how much the movement of the upper one counts in the expected place of the lower one (0: not at all)",
        ),
        mined("support", INTEGER, "on how many objects it was measured"),
    ),
)
FIRES_ON = Relationship(
    type="FIRES_ON",
    ends=(("Pattern", "Object"),),
    table="firings",
    meaning="kept are the 50 strongest of each layer on every object, the 9 strongest of every pattern, and all on "
    "labelled objects",
    columns=(
        mined("x", NUMBER, "centre of the unit where it fires, as photographed", OBJECT, PLACE),
        mined("y", NUMBER, "centre of the unit where it fires, as photographed", OBJECT),
        mined("activation", NUMBER, "the network's own output there, in the view that was mined"),
        mined("score", NUMBER, "how strongly it fires, its evidence weighted by how well place and context fit"),
        mined("likeness", NUMBER, "how well the context there fits, m . h, at most 1"),
        mined("expected_x", NUMBER, "where the object's pose puts the pattern, as photographed", OBJECT, PLACE),
        mined("expected_y", NUMBER, "where the object's pose puts the pattern, as photographed", OBJECT),
    ),
)
PEAKS_ON = Relationship(
    type="PEAKS_ON",
    ends=(("Filter", "Object"),),
    table="peaks",
    meaning="kept are the 9 objects on which a filter's output is largest",
    columns=(
        Column("graph", TEXT, "id of the graph whose objects these are"),
        mined("x", NUMBER, "centre of the unit, as photographed", OBJECT, PLACE),
        mined("y", NUMBER, "centre of the unit, as photographed", OBJECT),
        mined("activation", NUMBER, "the network's own output there, in the view that was mined"),
    ),
)
IN_GRAPH = Relationship(
    type="IN_GRAPH",
    ends=(("Pattern", "ExplanatoryGraph"), ("Object", "ExplanatoryGraph")),
    meaning="properties only where it comes from an object",
    columns=(
        Column("row", INTEGER, "number of the object in the graph"),
        Column("mirrored", BOOLEAN, "whether the canonical view of the object is the mirrored one"),
        Column("pose", NUMBERS, "pose of the object", mirroring=OTHER),
        Column("firings", INTEGER, "checksum of where patterns fire on the object"),
        Column("unplaced", BOOLEAN, "true where the object was labelled, and not all firings there are written yet"),
    ),
)
READS = Relationship(
    type="READS",
    ends=(("ExplanatoryGraph", "Layer"),),
    columns=(
        Column("position", INTEGER, "number among the graph's layers, from the input"),
        *GEOMETRY,
        Column("patterns", INTEGER, "how many patterns it has"),
        *SIZES,
        *READING,
        *READING_SUMS,
    ),
)
SHOWS = Relationship(
    type="SHOWS",
    ends=(("Object", "Part"),),
    columns=(Column("box", NUMBERS, "`[x, y, width, height]` that a person drew", PIXELS, OTHER),),
)
LIES_ON = Relationship(
    type="LIES_ON",
    ends=(("Pattern", "Part"),),
    meaning="over the objects that were labelled, and those on which an And-Or graph surely found the part",
    columns=(
        Column(
            "share",
            NUMBER,
            "of the objects where it fires, the share on which it is expected inside the box (the lower bound, 95 %; a "
            "label counts as three found boxes)",
        ),
        Column("fires_share", NUMBER, "the same of the unit at which it fires"),
        Column(
            "by_chance",
            NUMBER,
            "control of `share`: what the best of all patterns would reach if all stood at random places",
        ),
        Column("objects", INTEGER, "on how many of these objects it fires"),
        Column("labelled", INTEGER, "on how many labelled ones"),
        Column("score", NUMBER, "its mean score where it is inside a box"),
        Column("of", TEXT, "id of the graph, and the part"),
        Column("layer", TEXT, "layer and filter of the pattern"),
        Column("filter", INTEGER, "layer and filter of the pattern"),
    ),
    indexes=(Index("lies_on_share", ("of", "share")),),
)
COVERS = Relationship(
    type="COVERS",
    ends=(("ExplanatoryGraph", "Part"),),
    meaning="exists if `LIES_ON` is counted",
    columns=(
        Column("labelled", INTEGER, "number of labelled objects that were counted"),
        Column("found", INTEGER, "number of further objects that were counted, on which the part was surely found"),
        Column("aog", TEXT, "id of the And-Or graph that found it; none where only labels were counted"),
        Column("area", NUMBER, "share of an object that the boxes cover: how likely a place drawn at random is inside"),
        Column("patterns", INTEGER, "how many patterns lie on the part"),
        Column("surest", TEXTS, "layer, filter and number of the 200 that lie on it most surely, beyond chance first"),
        Column("mixed", BOOLEAN, "true if the graph's `mixtures` rest on this count"),
    ),
)
RESEMBLES = Relationship(
    type="RESEMBLES",
    ends=(("Pattern", "Pattern"),),
    exported=False,
    meaning="the nearest pattern of the same filter in another graph; the 100 of each layer with the least `by_chance`",
    columns=(
        Column("distance", NUMBER, "distance between their mean places", OBJECT),
        Column(
            "by_chance", NUMBER, "how likely one would be as near if the other graph's patterns were scattered evenly"
        ),
        Column("of", TEXT, "ids of the two graphs"),
        Column("turned", BOOLEAN, "whether one of them was mirrored first"),
        Column("layer", TEXT, "layer of both patterns"),
    ),
    indexes=(Index("resembles_of", ("of",)),),
)
COMPARED_WITH = Relationship(
    type="COMPARED_WITH",
    ends=(("ExplanatoryGraph", "ExplanatoryGraph"),),
    exported=False,
    meaning="exists, in both directions, if `RESEMBLES` is up to date for both graphs",
)
COMPOSED_OF = Relationship(
    type="COMPOSED_OF",
    ends=(("Template", "Pattern"),),
    columns=(
        mined("dx", NUMBER, "displacement of the part from the pattern", OBJECT, STEP, "displacement", axis=1),
        mined("dy", NUMBER, "displacement of the part from the pattern", OBJECT, field="displacement", axis=0),
        mined(
            "sigma",
            NUMBER,
            "standard deviation of that displacement over the objects of the template, labelled or found",
            OBJECT,
        ),
        mined(
            "response_dx",
            NUMBER,
            "displacement of the filter's response from the pattern",
            OBJECT,
            STEP,
            "response",
            axis=1,
        ),
        mined(
            "response_dy",
            NUMBER,
            "displacement of the filter's response from the pattern",
            OBJECT,
            field="response",
            axis=0,
        ),
        mined("weight", NUMBER, "weight of the pattern's vote"),
        Column("mean_evidence", NUMBER, "mean evidence of the pattern's filter over objects and places"),
        mined(
            "share", NUMBER, "mean share of the pattern in the sum of the votes on the template's objects, as learnt"
        ),
    ),
)
FOUND_ON = Relationship(
    type="FOUND_ON",
    ends=(("AndOrGraph", "Object"),),
    meaning="where it found the part",
    columns=(
        Column("x", NUMBER, "place, as photographed", OBJECT, PLACE),
        Column("y", NUMBER, "place, as photographed", OBJECT),
        mined(
            "residual_x",
            NUMBER,
            "displacement of this place from the one where the patterns together put the part",
            OBJECT,
            STEP,
            "residual",
            axis=1,
        ),
        mined(
            "residual_y",
            NUMBER,
            "displacement of this place from the one where the patterns together put the part",
            OBJECT,
            field="residual",
            axis=0,
        ),
        mined("confidence", NUMBER, "share of the photos learnt from that look less familiar"),
        mined("place_confidence", NUMBER, "share of the photos learnt from on which the place is less certain"),
        mined("trust", NUMBER, "how much this object counts when the part is located on other objects"),
        Column("template", INTEGER, "number of the template"),
        Column("row", INTEGER, "number of the object in the graph"),
    ),
)
ATTRIBUTES_TO = Relationship(
    type="ATTRIBUTES_TO",
    ends=(("Explanation", "Pattern"),),
    exported=False,
    meaning="kept are the 200 patterns of each layer that say most",
    columns=(
        Column("pro", NUMBER, "what the pattern adds to the score: for it, and against it (at most 0)"),
        Column("contra", NUMBER, "what the pattern adds to the score: for it, and against it (at most 0)"),
    ),
)

RELATIONSHIPS = (
    Relationship(type="IN_NETWORK", ends=(("Layer", "Network"),)),
    Relationship(type="IN_LAYER", ends=(("Filter", "Layer"),)),
    READS,
    SEPARATED_FROM,
    IN_GRAPH,
    CO_ACTIVATES_WITH,
    DISPLACED_FROM,
    FIRES_ON,
    PEAKS_ON,
    SHOWS,
    COVERS,
    LIES_ON,
    RESEMBLES,
    COMPARED_WITH,
    Relationship(type="BUILT_FROM", ends=(("AndOrGraph", "ExplanatoryGraph"),)),
    Relationship(type="FOR_PART", ends=(("AndOrGraph", "Part"),)),
    Relationship(type="HAS_TEMPLATE", ends=(("AndOrGraph", "Template"),)),
    COMPOSED_OF,
    Relationship(type="LEARNT_FROM", ends=(("AndOrGraph", "Object"),)),
    FOUND_ON,
    Relationship(type="EXPLAINS", ends=(("Explanation", "Object"),), exported=False),
    ATTRIBUTES_TO,
    Relationship(type="NAMES", ends=(("Finding", "Pattern"),), exported=False),
    Relationship(type="CHANGED", ends=(("Edit", "AndOrGraph"),)),
    Relationship(type="PRODUCED", ends=(("Job", "ExplanatoryGraph"), ("Job", "AndOrGraph")), exported=False),
)
