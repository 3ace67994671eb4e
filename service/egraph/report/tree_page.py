"""An And-Or graph as one page: a section for each template, with a patch of each of its strongest patterns."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from PIL import Image

from egraph.aog.show import Tree, TreePattern
from egraph.report.files import write_whole
from egraph.report.page import PAGE, STYLE, folded, names_and_values, text
from egraph.report.parse_picture import SOFT, layer_colours
from egraph.report.pictures import data_uri, png_bytes
from egraph.report.tree import GONE, KEY, TemplatePictures, gone_sentence, template_pictures, tree_picture
from egraph.report.voters import server_address
from egraph.report.words import displacement_words, number

TREE_STYLE = """
main { max-width: 84rem; }
a { color: inherit; text-decoration-color: var(--accent); }
.or { border-left: 3px solid var(--line); margin: 1.4rem 0 0 1.6rem; }
.template { display: flex; gap: 2.4rem; padding: 1rem 0 1.2rem 1.6rem; position: relative; }
.template::before { content: ""; position: absolute; left: 0; top: 6.2rem; width: 1.6rem; height: 3px;
  background: var(--line); }
.pose { flex: none; width: 11rem; }
.pose img, .pose .gone { width: 11rem; height: 11rem; border-radius: .4rem; display: block; }
.pose p, .leaf p { margin: .3rem 0 0; line-height: 1.35; }
.and { display: flex; flex-wrap: wrap; gap: 1.1rem; border-left: 3px solid var(--line); padding-left: 1.2rem; }
.leaf { width: 9rem; }
.leaf img, .leaf .gone { width: 8.25rem; height: 8.25rem; border-radius: .4rem .4rem 0 0; display: block;
  border-bottom: .3rem solid; }
.word { background: var(--ink); color: var(--paper); border-radius: 1em; padding: .1em .7em; font-size: .85rem; }
@media (max-width: 50rem) { .template { flex-direction: column; gap: 1rem; } }
"""


def draw_tree(tree: Tree, png: Path | None, html: Path | None) -> list[str]:
    """Draw the tree as a picture, as a page, or both; returns what should be said about it.

    Raises:
        ReportError: a file cannot be written.
    """
    gone: set[Path] = set()
    rows = list(template_pictures(tree, gone))
    if png:
        write_whole(png, png_bytes(tree_picture(tree, rows)))
    if html:
        write_tree_page(html, tree, rows)
    return [gone_sentence(gone)] if gone else []


def write_tree_page(destination: Path, tree: Tree, rows: Sequence[TemplatePictures]) -> Path:
    """Write the page, pictures embedded, and return its path; a reader never sees half a file.

    Raises:
        ReportError: the file cannot be written.
    """
    title = text(f"egraph: {tree.summary.category}/{tree.summary.part}")
    page = PAGE.substitute(title=title, style=STYLE + TREE_STYLE, body="\n".join(_sections(tree, rows)))
    return write_whole(destination, page.encode("utf-8", "replace"))


def _sections(tree: Tree, rows: Sequence[TemplatePictures]) -> Iterator[str]:
    summary, colours = tree.summary, layer_colours(tree.layers)
    yield f"<h1>The {text(summary.category)}'s {text(summary.part)} as an And-Or graph</h1>"
    yield f'<p class="soft"><code>{text(summary.id)}</code>, built {text(summary.created_at)}</p>'
    facts = {"labels": summary.labels, "templates": len(tree.templates), "patterns in each": summary.patterns}
    boxes = "".join(f"<div><b>{number(value)}</b><span>{name}</span></div>" for name, value in facts.items())
    yield f'<div class="facts">{boxes}</div>'
    yield (
        f"<p>The part is one <b>or</b> the other of its templates, one for each pose of the object; a template is its "
        f"patterns, one <b>and</b> the other; a pattern is what one filter reacts to. {text(KEY)} A "
        "pattern's name leads to its page while <code>egraph browse</code> runs and your browser has opened the "
        "address that it printed.</p>"
    )
    dots = (
        f'<span class="dot" style="background:{colour}"></span>{text(layer)}'
        for layer, colour in colours.items()
        if any(pattern.layer == layer for row in rows for pattern, _ in row.patches)
    )
    yield f'<p class="soft">{" &nbsp; ".join(dots)}</p>'
    yield f'<p><b>{text(summary.part)}</b> <span class="word">or</span></p><div class="or">'
    for row in rows:
        template = row.template
        words = f"template {template.number}"
        objects = f"{number(template.objects)} object{'' if template.objects == 1 else 's'}"
        yield f'<section class="template"><div class="pose">{_image(row.crop, words)}<p><b>{words}</b></p>'
        yield f'<p class="soft">{objects}<br>box {template.width:.0%} × {template.height:.0%}</p>'
        yield '<p><span class="word">and</span></p></div><div class="and">'
        for pattern, patch in row.patches:
            yield _leaf(pattern, patch, colours.get(pattern.layer, SOFT))
        yield "</div></section>"
    yield "</div><h2>How it was built</h2>"
    built = {"seed": tree.seed, "graph": summary.graph, "current": "yes" if summary.current else "no"}
    yield names_and_values(("what", "value"), built)
    yield folded(f"Settings ({len(tree.parameters)})", names_and_values(("setting", "value"), tree.parameters))
    yield folded(f"Versions ({len(tree.versions)})", names_and_values(("package", "version"), tree.versions))


def _leaf(pattern: TreePattern, patch: Image.Image | None, colour: str) -> str:
    where = displacement_words(pattern.dx, pattern.dy, pattern.sigma)
    return (
        f'<div class="leaf">{_image(patch, pattern.label, colour)}<p><a href="{text(server_address(pattern.id))}">'
        f"<code>{text(pattern.label)}</code></a></p>"
        f'<p class="soft">share {pattern.share:.1%}<br>{text(where)}</p></div>'
    )


def _image(picture: Image.Image | None, words: str, colour: str = "transparent") -> str:
    style = f' style="border-color:{colour}"'
    if picture is None:
        return f'<div class="gone"{style}>{GONE}</div>'
    return f'<img{style} src="{data_uri(picture)}" alt="{text(words)}" loading="lazy">'
