"""A diagnosis as a page that needs nothing else: each finding with its figures, what was tried, and its pictures."""

import logging

from PIL import Image

from egraph.diagnosing.diagnosis import Diagnosis
from egraph.diagnosing.finding import Finding, Sight
from egraph.photos.crop import PhotoError
from egraph.report.cutouts import photo_of, whole_picture
from egraph.report.pages import environment, page
from egraph.report.site import Site

logger = logging.getLogger(__name__)

PIXELS = 150
"""Side of a picture."""


def diagnosis_page(diagnosis: Diagnosis) -> str:
    """The page, as text."""
    site = Site()
    shown = [(one, [(row.title, [(_source(site, s), s) for s in row.sights]) for row in one.rows]) for one in diagnosis]
    content = environment().get_template("diagnosis.html").render(diagnosis=diagnosis, shown=shown, tell=tell)
    for path in sorted(site.gone):
        logger.warning("%s cannot be read any more; its pictures are left out of the page.", path)
    return page(site, f"{diagnosis.category}: diagnosis of {diagnosis.network}", str(content))


def tell(finding: Finding) -> str:
    """In a sentence, what trying showed."""
    if not finding.matters:
        return "Nothing that was tried showed that it matters to the answers."
    trial = finding.decisive
    words = (
        f"With {trial.what}, the {trial.score} goes from {trial.before:.2f} to {trial.after:.2f} on {trial.photos} "
        f"photos; with {trial.control}, to {trial.control_after:.2f}."
    )
    if trial.right is not None and trial.control_right is not None:
        words += (
            f" Then {trial.right:.0%} of them are answered rightly, and {trial.control_right:.0%} with the control."
        )
    return words


def sight_picture(sight: Sight, pixels: int = PIXELS) -> Image.Image:
    """The square that a sight names, or the whole object, as a square of `pixels`.

    Raises:
        PhotoError: as `photo_of`.
    """
    if sight.side is None:
        whole = whole_picture(sight.object, pixels)
        square = Image.new("RGB", (pixels, pixels), "#777")
        square.paste(whole, ((pixels - whole.width) // 2, (pixels - whole.height) // 2))
        return square
    photo = photo_of(sight.object)
    side = min(sight.side / photo.reduced, *photo.image.size)
    left = min(max(sight.x / photo.reduced - side / 2, 0.0), photo.image.width - side)
    top = min(max(sight.y / photo.reduced - side / 2, 0.0), photo.image.height - side)
    return photo.image.resize((pixels, pixels), Image.Resampling.BICUBIC, box=(left, top, left + side, top + side))


def _source(site: Site, sight: Sight) -> str | None:
    """The address of a sight's picture, None where the photo is gone."""
    try:
        return site.kept(sight_picture(sight))
    except PhotoError as error:
        site.gone.add(error.path)
        return None
