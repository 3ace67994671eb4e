"""The labels of nodes: what each carries, and what is unique or indexed."""

from egraph.graph.schema.elements import Column, Index, Mirroring, Node, Type

OBJECT = "fraction"
"""Of the width (x) or the height (y) of the object's box; places are counted from its upper left corner."""
PIXELS = "pixels"
DEVIATIONS = "standard deviations"


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


OWN = (
    Column("own_name", TEXT, "name and note that a person gave it"),
    Column("note", TEXT, "name and note that a person gave it"),
)
"""Outside the content hash: people may name what was mined without making it another graph."""

HELD = Column("held", INTEGER, "how often a transaction took its lock")
"""A database without locks of its own finds out at the commit who was first, but only where a value really changes."""

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
        HELD,
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
    columns=(identifier(), Column("channel", INTEGER, "number in the layer"), *OWN),
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
        Column("structure", TEXT, "hash of what was mined, without the firings"),
        Column("summed", BOOLEAN, "true where the sums over relationships are written"),
        Column("created_at", TEXT, "when it was written"),
        Column("mixtures", JSON, "how many filters mix parts, and the first of them"),
        Column("figures", JSON, "what `egraph evaluate … --keep` measured of it, beside every control"),
        Column(
            "format",
            INTEGER,
            "version of what its patterns and edges mean (a graph of an older version is mined again)",
        ),
        Column(
            "state",
            TEXT,
            "`writing`, `complete`, `damaged`, `outdated` or `deleting` (questions see only complete graphs)",
        ),
        Column("batches_written_even", INTEGER, "how many batches of it are written"),
        Column("batches_written_odd", INTEGER, "how many batches of it are written"),
        HELD,
    ),
    indexes=(Index("explanatory_graph_category", ("category",)),),
)
SUMS = (
    Column(
        "neighbours", INTEGER, "number of patterns above from which its displacement is known, see `DISPLACED_FROM`"
    ),
    Column("sigma", NUMBER, "mean standard deviation of these displacements", OBJECT),
    Column("apart", NUMBER, "control of `sigma`, its value if the two patterns moved independently", OBJECT),
    Column("above", INTEGER, "number of patterns of the layer above with which it fires together"),
    Column("below", INTEGER, "number of patterns of the layer below with which it fires together"),
    Column("alone", BOOLEAN, "true where `above` is 0 although there is a layer above"),
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
        mined(
            "place_x",
            NUMBER,
            "its expected place while its parents are at their mean places",
            OBJECT,
            PLACE,
            "place",
            axis=1,
        ),
        mined(
            "place_y",
            NUMBER,
            "its expected place while its parents are at their mean places",
            OBJECT,
            field="place",
            axis=0,
        ),
        mined("spread", NUMBER, "root mean square distance from its mean place", OBJECT),
        mined("support", INTEGER, "on how many objects it fires"),
        mined("score", NUMBER, "mean evidence over all objects", DEVIATIONS),
        mined(
            "advantage",
            NUMBER,
            "its evidence divided by what it would win if all peaks were scattered evenly (1: no better than chance)",
        ),
        mined("likeness", NUMBER, "how alike the contexts of its peaks are (mean m . h over its evidence, at most 1)"),
        mined("chance", NUMBER, "share of its filter's evidence that it would win if all peaks were scattered evenly"),
        mined(
            "usual",
            NUMBER,
            "mean over all objects of how well its best peak fits, the control of `score` of `FIRES_ON`",
        ),
        mined("context", NUMBERS, "m, the direction of what is seen around its peaks", mirroring=OTHER),
        mined("context_level", NUMBER, "log of the mean of exp(k m . h) over its filter's peaks"),
        mined("share", NUMBER, "share of its filter's activation that it explains, on photos with their surroundings"),
        mined("reach", NUMBER, "standard deviation of the activation that it explains about its place", OBJECT),
        mined(
            "background",
            NUMBER,
            "mean activation of its filter beside the object, divided by that about its place (1: it fires as strongly "
            "there)",
        ),
        mined("parent_gain", NUMBER, "how far it follows the displacements of its parents (0: it does not move)"),
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
        *OWN,
    ),
    indexes=(
        Index("pattern_alone", ("graph", "alone", "score")),
        Index("pattern_sigma", ("graph", "sigma")),
        Index("pattern_own_name", ("own_name",)),
    ),
)
PHOTO_OBJECT = Node(
    label="Object",
    example="<12 hex digits of the photo's hash>#<box>",
    columns=(
        identifier(),
        mined("path", TEXT, "path of the photo when it was last used"),
        mined("sha256", TEXT, "hash of the photo"),
        mined("photo_width", INTEGER, "size of the photo", PIXELS),
        mined("photo_height", INTEGER, "size of the photo", PIXELS),
        Column("box", NUMBERS, "`[x, y, width, height]` of the object", PIXELS, OTHER),
    ),
)
PART = Node(
    label="Part",
    example="horse/head",
    columns=(identifier(), Column("name", TEXT, "name"), Column("category", TEXT, "kind of object"), HELD, *OWN),
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
        Column("labels", INTEGER, "number of labelled objects that it was learnt from"),
        Column("patterns", INTEGER, "how many patterns it has"),
        mined(
            "prior",
            NUMBERS,
            "how likely the part is at each place, and the weight of this in the score",
            mirroring=OTHER,
        ),
        mined("prior_weight", NUMBER, "how likely the part is at each place, and the weight of this in the score"),
        mined("score_deviation", NUMBER, "what the evidence in a vote is divided by"),
        Column("place_weight", NUMBER, "settings of the second half of a vote, see `docs/parts.md`"),
        Column("saturation", NUMBER, "settings of the second half of a vote, see `docs/parts.md`"),
        Column("width", NUMBER, "settings of the second half of a vote, see `docs/parts.md`", OBJECT),
        Column("following", NUMBER, "settings of the second half of a vote, see `docs/parts.md`"),
        Column(
            "nearest", INTEGER, "number of exemplars for an object, and the temperature of the softmax over their poses"
        ),
        Column(
            "temperature",
            NUMBER,
            "number of exemplars for an object, and the temperature of the softmax over their poses",
        ),
        mined(
            "offset",
            NUMBERS,
            "row and column that are added to the place where the patterns put the part",
            OBJECT,
            mirroring=OTHER,
        ),
        mined("habit", NUMBERS, "statistics of the photos learnt from, with which the confidences compare"),
        mined(
            "familiarity_levels", NUMBERS, "statistics of the photos learnt from, with which the confidences compare"
        ),
        mined("error_levels", NUMBERS, "statistics of the photos learnt from, with which the confidences compare"),
        Column("created_at", TEXT, "when it was built"),
        HELD,
    ),
)
TEMPLATE = Node(
    label="Template",
    example="<And-Or graph>/2",
    columns=(
        identifier(),
        Column("number", INTEGER, "number in the And-Or graph"),
        mined("pose", NUMBERS, "mean pose of its objects", mirroring=OTHER),
        Column("box_height", NUMBER, "size of the part on a square object", OBJECT),
        Column("box_width", NUMBER, "size of the part on a square object", OBJECT),
        mined("objects", INTEGER, "how many objects it was learnt from"),
    ),
)
EDIT = Node(
    label="Edit",
    example="<And-Or graph>/edit/3",
    columns=(
        identifier(),
        Column("number", INTEGER, "number among the edits of the And-Or graph"),
        Column("who", TEXT, "who made it, and when"),
        Column("created_at", TEXT, "who made it, and when"),
        Column("pattern", TEXT, "id of the pattern"),
        Column("change", JSON, "what was changed", mirroring=OTHER),
        Column(
            "before", JSON, "the properties of `COMPOSED_OF` before the edit, by the template's number", mirroring=OTHER
        ),
    ),
)
EXPLANATION = Node(
    label="Explanation",
    example="<graph>/<object>/<class>",
    exported=False,
    columns=(
        identifier("with `-<class>` at its end where a class is told apart from another one"),
        Column("graph", TEXT, "id of the graph that it was made by"),
        Column("class", INTEGER, "number and name of the class that is explained"),
        Column("class_name", TEXT, "number and name of the class that is explained"),
        Column("instead_of", INTEGER, "number and name of the class that it is told apart from, if any"),
        Column("instead_of_name", TEXT, "number and name of the class that it is told apart from, if any"),
        Column("predicted", INTEGER, "the network's answer: number and name of the class, and its probability"),
        Column("predicted_name", TEXT, "the network's answer: number and name of the class, and its probability"),
        Column("probability", NUMBER, "the network's answer: number and name of the class, and its probability"),
        Column("score", NUMBER, "the score that is explained; it is the sum of the five that follow"),
        Column("baseline", NUMBER, "of the score, where nothing is detected"),
        Column("parts", NUMBER, "of the score in the top layer, by kind, for and against together"),
        Column("texture", NUMBER, "of the score in the top layer, by kind, for and against together"),
        Column("background", NUMBER, "of the score in the top layer, by kind, for and against together"),
        Column("unexplained", NUMBER, "of the score in the top layer, by kind, for and against together"),
        Column("layers", TEXTS, "the layers whose patterns it has, from the input up"),
        Column("created_at", TEXT, "when it was written"),
    ),
    indexes=(Index("explanation_graph", ("graph",)),),
)
FINDING = Node(
    label="Finding",
    example="<graph>/layer4/finding/1",
    exported=False,
    columns=(
        identifier(),
        Column("graph", TEXT, "id of the graph that it was made by, and name of the layer that was looked at"),
        Column("layer", TEXT, "id of the graph that it was made by, and name of the layer that was looked at"),
        Column("number", INTEGER, "place among the findings of the diagnosis, the strongest first"),
        Column("kind", TEXT, "what is found, as `egraph diagnose` names it"),
        Column("says", TEXT, "the finding in a sentence"),
        Column("filters", TEXTS, "the filters that it names, `layer/filter`"),
        Column("photos", INTEGER, "on how many photos it rests"),
        Column("figure_name", TEXT, "its first figure: what it is, and how large"),
        Column("figure", NUMBER, "its first figure: what it is, and how large"),
        Column("control_name", TEXT, "the control of this figure: what it is, and how large"),
        Column("control", NUMBER, "the control of this figure: what it is, and how large"),
        Column("tried", TEXT, "what was tried, of the trial that showed most"),
        Column("score", TEXT, "the score that was measured then"),
        Column("before", NUMBER, "the mean of this score, before and after it was tried"),
        Column("after", NUMBER, "the mean of this score, before and after it was tried"),
        Column("by_chance", NUMBER, "control of `after`: the mean after as much was taken out at random"),
        Column("low", NUMBER, "99 % interval of how much farther the score falls than by the control, if known"),
        Column("high", NUMBER, "99 % interval of how much farther the score falls than by the control, if known"),
        Column("matters", BOOLEAN, "true where the difference is beyond chance"),
        Column("strength", NUMBER, "by how much the score surely depends on it, 0 where that was not shown"),
        Column("created_at", TEXT, "when it was written"),
    ),
    indexes=(Index("finding_graph", ("graph",)),),
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
        Column("priority", INTEGER, "jobs with a larger number are taken first"),
        Column("attempts", INTEGER, "number of times that a worker took it and did not give it back"),
        Column("submitted_by", TEXT, "who asked, and when"),
        Column("created_at", TEXT, "who asked, and when"),
        Column("started_at", TEXT, "when it started and ended"),
        Column("ended_at", TEXT, "when it started and ended"),
        Column("stage", TEXT, "progress"),
        Column("done", INTEGER, "progress"),
        Column("total", INTEGER, "progress"),
        Column("seconds_left", NUMBER, "progress", "seconds"),
        Column("error", TEXT, "why it failed"),
        Column("log", TEXTS, "its last lines"),
        Column("deaths", TEXTS, "where its workers died or became silent, and how many in a row made no progress"),
        Column("stuck", INTEGER, "where its workers died or became silent, and how many in a row made no progress"),
        Column(
            "reached", JSON, "how far any worker got in each stage, and whether that increased since the last death"
        ),
        Column(
            "advanced", BOOLEAN, "how far any worker got in each stage, and whether that increased since the last death"
        ),
        Column("worker", TEXT, "the worker that has the job, and its lease"),
        Column("lease", NUMBER, "the worker that has the job, and its lease", "seconds"),
        Column("token", INTEGER, "the worker that has the job, and its lease"),
        Column("beats", INTEGER, "the worker that has the job, and its lease"),
        Column("changes", INTEGER, "the worker that has the job, and its lease"),
    ),
    indexes=(Index("job_state", ("state",)),),
)
SCHEMA = Node(
    label="Schema",
    example="schema",
    exported=False,
    columns=(identifier(), Column("version", INTEGER, "version of the schema that egraph writes")),
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
    EDIT,
    EXPLANATION,
    FINDING,
    JOB,
    SCHEMA,
)
