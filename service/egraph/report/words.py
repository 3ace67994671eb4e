"""Figures in words: how steady, how pure, how much beyond chance, and where one thing stands from another."""

from egraph.graph.measured import Value
from egraph.report.views import FilterView, PatternView


def number(value: Value) -> str:
    """A figure as people read it: whole numbers in groups of three, others with three digits, words as they are."""
    if value is None:
        return "–"
    if isinstance(value, bool | str):
        return str(value)
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"


def percent(value: float | None) -> str:
    """A share; one digit more where it is small."""
    if value is None:
        return "–"
    return f"{value:.1%}" if 0 < abs(value) < 0.0995 else f"{value:.0%}"


def displacement_words(dx: float | None, dy: float | None, sigma: float | None) -> str:
    """Where one thing stands as seen from another, in percent of the crop."""
    if dx is None or dy is None:
        return "–"
    across = f"{abs(dx):.0%} {'right' if dx > 0 else 'left'}"
    along = f"{abs(dy):.0%} {'below' if dy > 0 else 'above'}"
    shown = [words for words, value in ((across, dx), (along, dy)) if abs(value) >= 0.005]
    steady = f" ± {sigma:.0%}" if sigma is not None else ""
    return (", ".join(shown) or "same place") + steady


def pattern_words(view: PatternView) -> list[str]:
    """What is known of a pattern, a sentence each, every figure beside what it must be compared with."""
    pattern, images = view.pattern, view.graph.images
    whose = "its" if pattern.anchor else "its filter's"
    said = [
        f"It fires on {number(pattern.support)} of {number(images)} objects.",
        f"It wins {number(pattern.advantage)} times the evidence that it would win if "
        f"{whose} peaks were scattered evenly (1 would be chance).",
    ]
    if pattern.share is not None:
        said.append(f"It explains {percent(pattern.share)} of its filter's activation.")
    if pattern.background is not None:
        said.append(
            f"Beside the object its filter gives {number(pattern.background)} times what it gives about the pattern's "
            "place (1: it fires as strongly on what is around)."
        )
    if pattern.likeness is not None:
        said.append(
            f"What it shows is alike to {number(pattern.likeness)}: the mean cosine of what the network sees around it "
            "(1: always the same)."
        )
    if view.sigma is not None and view.apart is not None:
        said.append(
            f"Its place, seen from the patterns above, varies by {percent(view.sigma)} of the object; it would be "
            f"{percent(view.apart)} if they moved independently."
        )
    else:
        said.append(f"Its place varies by {percent(view.spread)} of the object.")
    said += [
        f"It lies on the {on.part} on at least {percent(on.share)} of the {on.objects} objects where it fires and the "
        f"{on.part} is known (the best of all patterns at random places: {percent(on.by_chance)})."
        for on in view.parts
    ]
    return said


def filter_words(view: FilterView) -> list[str]:
    """What is known of a filter."""
    count = len(view.patterns)
    if not count:
        return ["No pattern of it was kept: what it reacts to is no steadier than chance."]
    patterns = "1 pattern was" if count == 1 else f"{number(count)} patterns were"
    said = [f"{patterns} separated from what it reacts to."]
    if view.unexplained is not None:
        said.append(
            f"Together they explain {percent(1 - view.unexplained)} of its activation; no pattern explains the other "
            f"{percent(view.unexplained)}."
        )
    if view.scattered is not None and view.beside is not None:
        said.append(
            f"Of all its activation, {percent(view.scattered)} is scattered over the object, and "
            f"{percent(view.beside)} is beside it."
        )
    return said
