"""The schema of the graph, said once: every label, every type of relationship, every property of theirs.

From it come the batches that are written and what is read back (`arrays`, `batches`, `read`), the content hash, counts,
constraints and indexes (`constraints`), what is exported, the tables of the README and the hints about names that the
graph does not know (`hints`). A new property or a new type of relationship begins here.
"""

from egraph.graph.elements import Column, Element, Index, Mirroring, Node, Relationship, Type

OBJECT = "fractions of the object"
"""The unit of places: x of the width, y of the height of the object's box, from its upper left corner."""
PIXELS = "pixels"
DEVIATIONS = "standard deviations of the filter"


KEPT, PLACE, STEP, OTHER = Mirroring
BOOLEAN, INTEGER, NUMBER, TEXT, JSON, INTEGERS, NUMBERS, TEXTS = Type


def mined(
    name: str,
    type_: Type,
    meaning: str,
    unit: str = "",
    mirroring: Mirroring = KEPT,
    field: str | None = None,
    axis: int | None = None,
    tail: tuple[int, ...] = (),
) -> Column:
    """A column that is written from the field of the same name, or from another one."""
    return Column(name, type_, meaning, unit, mirroring, field or name, axis, tail)


def identifier(meaning: str = "") -> Column:
    """The id that is unique among the nodes of a label."""
    return Column("id", TEXT, meaning, unique=True)


GEOMETRY = (
    mined("index", INTEGER, "number among the network's layers, from the input"),
    mined("channels", INTEGER, "how many filters it has"),
    mined("height", INTEGER, "size of its map", "units"),
    mined("width", INTEGER, "size of its map", "units"),
    mined("stride", NUMBER, "distance between neighbouring units", PIXELS),
    mined("first_centre", NUMBER, "centre of the first unit's receptive field", PIXELS),
    mined("receptive_field", NUMBER, "width of what a unit sees", PIXELS),
)

NETWORK = Node(
    label="Network",
    example="resnet50@<12 hex digits of the weights' hash>",
    columns=(
        Column("id", TEXT, "", field="network_id", unique=True),
        mined("name", TEXT, "name", field="network_name"),
        mined("weights_sha256", TEXT, "hash and source of the weights"),
        mined("weights_source", TEXT, "hash and source of the weights"),
        mined("preprocessing", JSON, "how a crop is prepared for the network"),
    ),
)
LAYER = Node(
    label="Layer",
    example="<network>/layer3",
    columns=(identifier(), mined("name", TEXT, "name in the network"), *GEOMETRY),
)
FILTER = Node(
    label="Filter",
    example="<layer>/17",
    columns=(identifier(), Column("channel", INTEGER, "number in the layer")),
)
GRAPH = Node(
    label="ExplanatoryGraph",
    example="<network>/horse/<name>",
    columns=(
        identifier(),
        mined("name", TEXT, "name"),
        mined("category", TEXT, "kind of object"),
        mined("network", TEXT, "id of the network", field="network_id"),
        Column("images", INTEGER, "how many objects it was mined from"),
        Column("patterns", INTEGER, "how many patterns it has"),
        mined("seed", INTEGER, "what it was mined with"),
        mined("parameters", JSON, "what it was mined with"),
        mined("versions", JSON, "what it was mined with"),
        mined("dropped", JSON, "how many patterns were dropped, by reason"),
        Column("edges", JSON, "how many relationships of each mined type it has"),
        mined("log_likelihood", NUMBER, "how well the patterns explain the evidence"),
        Column("layer_pairs", JSON, "between which layers there are relationships of each type"),
        Column("pose_size", INTEGER, "how many numbers a pose has"),
        Column("content", TEXT, "hash of what was mined"),
        Column("summed", BOOLEAN, "true where the sums over relationships are written"),
        Column("created_at", TEXT, "when it was written"),
        Column("state", TEXT, "`writing`, `complete` or `deleting`; questions see only complete ones"),
        Column("batches_written_even", INTEGER, "how much of it is written"),
        Column("batches_written_odd", INTEGER, "how much of it is written"),
    ),
    indexes=(Index("explanatory_graph_category", ("category",)),),
)
SUMS = (
    Column("neighbours", INTEGER, "how many patterns above it is displaced from"),
    Column("sigma", NUMBER, "mean standard deviation of those displacements", OBJECT),
    Column("apart", NUMBER, "the same if both patterns moved independently", OBJECT),
    Column("above", INTEGER, "how many patterns of the layer above fire together with it"),
    Column("below", INTEGER, "how many patterns of the layer below fire together with it"),
    Column("alone", BOOLEAN, "true where it has no partner above, or none below"),
)
"""What a pattern's relationships say of it, summed up."""
PATTERN = Node(
    label="Pattern",
    example="<graph>/layer3/17/4",
    columns=(
        identifier(),
        Column("graph", TEXT, "id of its graph"),
        Column("layer", TEXT, "name of its layer"),
        mined("filter", INTEGER, "channel of its filter"),
        mined("number", INTEGER, "number among the filter's patterns"),
        mined("x", NUMBER, "mean place", OBJECT, PLACE, "mean_place", axis=1),
        mined("y", NUMBER, "mean place", OBJECT, field="mean_place", axis=0),
        mined("place_x", NUMBER, "place before a photo is seen", OBJECT, PLACE, "place", axis=1),
        mined("place_y", NUMBER, "place before a photo is seen", OBJECT, field="place", axis=0),
        mined("spread", NUMBER, "how much it moves: root mean square distance from its mean place", OBJECT),
        mined("support", INTEGER, "on how many objects it fires"),
        mined("score", NUMBER, "mean evidence over all objects", DEVIATIONS),
        mined("advantage", NUMBER, "its evidence divided by that of evenly scattered peaks; 1 is no better"),
        mined("parent_gain", NUMBER, "how far it follows its parents; 0 does not move"),
        mined("orientation_weight", NUMBER, "weight of its score in the decision which way an object faces"),
        mined(
            "pose",
            NUMBERS,
            "how far it moves with each number of the pose",
            OBJECT,
            tail=(2,),
            mirroring=OTHER,
        ),
        mined(
            "template",
            NUMBERS,
            "of an anchor: weights of the two top layers' filters",
            mirroring=OTHER,
        ),
        mined(
            "place_map",
            NUMBERS,
            "of an anchor: how likely it is at each place",
            mirroring=OTHER,
        ),
        mined("score_mean", NUMBER, "of an anchor: mean and standard deviation of its score"),
        mined("score_deviation", NUMBER, "of an anchor: mean and standard deviation of its score"),
        *SUMS,
    ),
    indexes=(Index("pattern_alone", ("graph", "alone", "score")), Index("pattern_sigma", ("graph", "sigma"))),
)
PHOTO_OBJECT = Node(
    label="Object",
    example="<12 hex digits of the photo's hash>#<box>",
    columns=(
        identifier(),
        mined("path", TEXT, "where the photo was seen last"),
        mined("sha256", TEXT, "hash of the photo"),
        mined("photo_width", INTEGER, "size of the photo", PIXELS),
        mined("photo_height", INTEGER, "size of the photo", PIXELS),
        Column("box", NUMBERS, "`[x, y, width, height]` of the object", PIXELS, OTHER),
    ),
)
PART = Node(
    label="Part",
    example="horse/head",
    columns=(identifier(), Column("name", TEXT, "name"), Column("category", TEXT, "kind of object")),
)
AND_OR_GRAPH = Node(
    label="AndOrGraph",
    example="<graph>/head/<name>",
    columns=(
        identifier(),
        mined("name", TEXT, "name"),
        mined("category", TEXT, "kind of object"),
        mined("part", TEXT, "name of the part"),
        mined("graph", TEXT, "id and content hash of the graph that it was built from"),
        mined("content", TEXT, "id and content hash of the graph that it was built from"),
        mined("seed", INTEGER, "what it was learnt with"),
        mined("parameters", JSON, "what it was learnt with"),
        mined("versions", JSON, "what it was learnt with"),
        Column("labels", INTEGER, "from how many labelled objects it was learnt"),
        Column("patterns", INTEGER, "how many patterns it has"),
        mined("prior", NUMBERS, "where the part is expected, and how much that weighs", mirroring=OTHER),
        mined("prior_weight", NUMBER, "where the part is expected, and how much that weighs"),
        mined("score_mean", NUMBER, "mean and standard deviation of the appearance's score"),
        mined("score_deviation", NUMBER, "mean and standard deviation of the appearance's score"),
        mined(
            "offset",
            NUMBERS,
            "of the part from where the patterns put it: row, column",
            OBJECT,
            mirroring=OTHER,
        ),
        mined("habit", NUMBERS, "how the photos that it was learnt from look, for the confidence"),
        mined("familiarity_levels", NUMBERS, "how the photos that it was learnt from look, for the confidence"),
        Column("created_at", TEXT, "when it was built"),
    ),
)
TEMPLATE = Node(
    label="Template",
    example="<And-Or graph>/2",
    columns=(
        identifier(),
        Column("number", INTEGER, "number in the And-Or graph"),
        mined("pose", NUMBERS, "mean pose of its objects", mirroring=OTHER),
        Column("box_height", NUMBER, "size of the part", OBJECT),
        Column("box_width", NUMBER, "size of the part", OBJECT),
        mined("objects", INTEGER, "how many objects it was learnt from"),
    ),
)
JOB = Node(
    label="Job",
    example="uuid",
    exported=False,
    columns=(
        identifier(),
        Column("kind", TEXT, "what is to be done"),
        Column("category", TEXT, "kind of object"),
        Column("parameters", JSON, "what is to be done"),
        Column("state", TEXT, "`queued`, `running`, `done`, `failed` or `cancelled`"),
        Column("priority", INTEGER, "the larger, the sooner"),
        Column("attempts", INTEGER, "how often a worker took it and did not give it back"),
        Column("submitted_by", TEXT, "who asked, and when"),
        Column("created_at", TEXT, "who asked, and when"),
        Column("started_at", TEXT, "when it was begun and ended"),
        Column("ended_at", TEXT, "when it was begun and ended"),
        Column("stage", TEXT, "progress"),
        Column("done", INTEGER, "progress"),
        Column("total", INTEGER, "progress"),
        Column("seconds_left", NUMBER, "progress", "seconds"),
        Column("error", TEXT, "why it failed"),
        Column("log", TEXTS, "its last lines"),
        Column("worker", TEXT, "who holds it, and the lease"),
        Column("lease", NUMBER, "who holds it, and the lease", "seconds"),
        Column("token", INTEGER, "who holds it, and the lease"),
        Column("beats", INTEGER, "who holds it, and the lease"),
        Column("changes", INTEGER, "who holds it, and the lease"),
    ),
    indexes=(Index("job_state", ("state",)),),
)
SCHEMA = Node(
    label="Schema",
    example="schema",
    exported=False,
    columns=(identifier(), Column("version", INTEGER, "of what egraph writes")),
)

READING = (
    mined("filter_mean", NUMBERS, "mean and standard deviation of each filter's evidence"),
    mined("filter_deviation", NUMBERS, "mean and standard deviation of each filter's evidence"),
    mined("context_mean", NUMBERS, "mean evidence of each filter, with which anchors compare"),
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
    Column("advantage", NUMBER, "mean over the patterns"),
    Column("steps", INTEGER, "how many displacements from patterns above there are"),
    Column("sigma", NUMBER, "their mean standard deviation", OBJECT),
    Column("apart", NUMBER, "the same if patterns moved independently", OBJECT),
    Column("ties", INTEGER, "how many co-activations with patterns above there are"),
    Column("lift", NUMBER, "their mean lift"),
)
"""What the relationships of a layer's patterns say of the layer, summed up."""

CO_ACTIVATES_WITH = Relationship(
    type="CO_ACTIVATES_WITH",
    ends=(("Pattern", "Pattern"),),
    between=("lower", "upper"),
    table="co_activations",
    columns=(
        mined("strength", NUMBER, "correlation of the two scores over the objects"),
        mined("lift", NUMBER, "how often they fire together, divided by what chance gives"),
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
        mined("weight", NUMBER, "share of the upper one in placing the lower one; 0 where it does not take part"),
    ),
)
FIRES_ON = Relationship(
    type="FIRES_ON",
    ends=(("Pattern", "Object"),),
    table="firings",
    meaning="the 50 strongest of each layer on every object, all on labelled objects",
    columns=(
        mined("score", NUMBER, "evidence there", DEVIATIONS),
        mined("x", NUMBER, "place, as photographed", OBJECT, PLACE),
        mined("y", NUMBER, "place, as photographed", OBJECT),
    ),
)
IN_GRAPH = Relationship(
    type="IN_GRAPH",
    ends=(("Pattern", "ExplanatoryGraph"), ("Object", "ExplanatoryGraph")),
    meaning="of an object also:",
    columns=(
        Column("row", INTEGER, "its number in the graph"),
        Column("mirrored", BOOLEAN, "whether its canonical view is the mirrored one"),
        Column("pose", NUMBERS, "its pose", mirroring=OTHER),
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
    meaning="summed up over the labelled objects",
    columns=(
        Column("share", NUMBER, "on which share of them the pattern is inside a box"),
        Column("score", NUMBER, "its mean score there"),
        Column("of", TEXT, "the graph and the part"),
        Column("layer", TEXT, "the pattern's"),
        Column("filter", INTEGER, "the pattern's"),
    ),
    indexes=(Index("lies_on_share", ("of", "share")),),
)
COVERS = Relationship(
    type="COVERS",
    ends=(("ExplanatoryGraph", "Part"),),
    meaning="says that `LIES_ON` is summed up",
    columns=(
        Column("objects", INTEGER, "over how many labelled objects"),
        Column("by_chance", NUMBER, "how likely a place drawn at random is inside a box"),
        Column("patterns", INTEGER, "how many patterns lie on the part"),
    ),
)
RESEMBLES = Relationship(
    type="RESEMBLES",
    ends=(("Pattern", "Pattern"),),
    between=("", "of another graph"),
    exported=False,
    meaning="the nearest pattern of the same filter in another graph; of each layer the 100 least likely",
    columns=(
        Column("distance", NUMBER, "between their mean places", OBJECT),
        Column("by_chance", NUMBER, "how likely so near a pattern is by chance"),
        Column("of", TEXT, "the two graphs"),
        Column("turned", BOOLEAN, "whether one of them was mirrored first"),
        Column("layer", TEXT, "of both"),
    ),
    indexes=(Index("resembles_of", ("of",)),),
)
COMPARED_WITH = Relationship(
    type="COMPARED_WITH",
    ends=(("ExplanatoryGraph", "ExplanatoryGraph"),),
    exported=False,
    meaning="says that `RESEMBLES` is summed up for both, as seen from either",
)
COMPOSED_OF = Relationship(
    type="COMPOSED_OF",
    ends=(("Template", "Pattern"),),
    columns=(
        Column("dx", NUMBER, "of the part from the pattern", OBJECT, STEP),
        Column("dy", NUMBER, "of the part from the pattern", OBJECT),
        Column("sigma", NUMBER, "standard deviation of that displacement", OBJECT),
        Column("weight", NUMBER, "of the pattern in the appearance"),
        Column("strength", NUMBER, "mean share of the pattern in the appearance on the template's objects"),
    ),
)
FOUND_ON = Relationship(
    type="FOUND_ON",
    ends=(("AndOrGraph", "Object"),),
    meaning="where it found the part",
    columns=(
        Column("x", NUMBER, "place, as photographed", OBJECT, PLACE),
        Column("y", NUMBER, "place, as photographed", OBJECT),
        Column("confidence", NUMBER, "share of the photos learnt from that look less familiar"),
        Column("trust", NUMBER, "how much it counts in the place of the part"),
        Column("template", INTEGER, "number of the template"),
        Column("row", INTEGER, "its number in the graph"),
    ),
)

NODES = (
    NETWORK,
    LAYER,
    FILTER,
    GRAPH,
    PATTERN,
    PHOTO_OBJECT,
    PART,
    AND_OR_GRAPH,
    TEMPLATE,
    JOB,
    SCHEMA,
)
RELATIONSHIPS = (
    Relationship(type="IN_NETWORK", ends=(("Layer", "Network"),)),
    Relationship(type="IN_LAYER", ends=(("Filter", "Layer"),)),
    READS,
    Relationship(type="SEPARATED_FROM", ends=(("Pattern", "Filter"),)),
    IN_GRAPH,
    CO_ACTIVATES_WITH,
    DISPLACED_FROM,
    FIRES_ON,
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
    Relationship(type="PRODUCED", ends=(("Job", "ExplanatoryGraph"), ("Job", "AndOrGraph")), exported=False),
)
ELEMENTS: tuple[Element, ...] = (*NODES, *RELATIONSHIPS)
PAIRS = tuple(relationship for relationship in RELATIONSHIPS if relationship.joins_patterns)
"""What is mined between patterns of two layers."""
