"""Cut-outs: the ring lies on the unit that fired, the cross where the pattern was expected, on the mined photo."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageColor

from egraph.photos.crop import PhotoError
from egraph.photos.photo import Box, PhotoObject
from egraph.report.cutouts import CUT_PIXELS, Cut, cut_picture, photo_of, webp, whole_of, whole_picture
from egraph.report.pictures import colour_of


def photographed(path: Path, width: int, height: int, box: Box) -> PhotoObject:
    """A photo whose red is the column and whose green is the row, in shares of 255."""
    rows, columns = np.mgrid[0:height, 0:width]
    pixels = np.stack([columns * 255 // width, rows * 255 // height, np.zeros_like(rows)], axis=-1)
    Image.fromarray(pixels.astype(np.uint8)).save(path)
    return PhotoObject(path, hashlib.sha256(path.read_bytes()).hexdigest(), width, height, box)


@pytest.mark.parametrize("scale", [1, 12], ids=["small photo", "large photo"])
def test_ring_and_cross_lie_where_the_graph_says(tmp_path: Path, scale: int) -> None:
    obj = photographed(
        tmp_path / "x.png", 200 * scale, 160 * scale, Box(20 * scale, 10 * scale, 160 * scale, 140 * scale)
    )
    pixels = np.asarray(cut_picture(Cut(obj, 0.5, 0.5, 1, expected=(0.62, 0.44)))).astype(int)
    assert pixels.shape == (CUT_PIXELS, CUT_PIXELS, 3)
    ring = np.argwhere(np.abs(pixels - ImageColor.getrgb(colour_of(1))).sum(2) < 60)
    np.testing.assert_allclose(ring.mean(0), CUT_PIXELS / 2, atol=1.5)
    # What is inside the ring is the photo there: red is the column, green the row.
    middle = pixels[CUT_PIXELS // 2, CUT_PIXELS // 2]
    np.testing.assert_allclose(middle, [255 * 100 / 200, 255 * 80 / 160, 0], atol=3)
    side = 0.4 * (160 * 140) ** 0.5
    at = CUT_PIXELS / 2 + np.array([(0.44 - 0.5) * 140, (0.62 - 0.5) * 160]) * CUT_PIXELS / side
    row, column = at.round().astype(int)
    assert pixels[row, column].min() > 180, "no white cross there"


def test_a_cut_at_the_border_stays_inside_the_photo(tmp_path: Path) -> None:
    obj = photographed(tmp_path / "x.png", 200, 160, Box(0, 0, 200, 160))
    pixels = np.asarray(cut_picture(Cut(obj, 0.0, 0.0, 0))).astype(int)
    side = 0.4 * (200 * 160) ** 0.5
    np.testing.assert_allclose(pixels[-1, -1], [255 * side / 200, 255 * side / 160, 0], atol=4)


def test_boxes_of_the_photo_lie_on_its_picture(tmp_path: Path) -> None:
    obj = photographed(tmp_path / "x.png", 200, 160, Box(50, 40, 100, 80))
    view, picture = whole_of(obj, 300), whole_picture(obj, 300)
    assert picture.size == (view.width, view.height) and max(picture.size) == 300
    left, top, width, height = view.box(Box(60, 50, 20, 10))
    there = np.asarray(picture).astype(int)[round(top + height / 2), round(left + width / 2)]
    np.testing.assert_allclose(there, [255 * 70 / 200, 255 * 55 / 160, 0], atol=3)
    assert webp(picture)[8:12] == b"WEBP"


def test_only_the_photo_that_was_mined_is_shown(tmp_path: Path) -> None:
    obj = photographed(tmp_path / "x.png", 40, 30, Box(0, 0, 40, 30))
    photo_of(obj)
    Image.new("RGB", (40, 30), "red").save(obj.path)
    with pytest.raises(PhotoError, match="another photo"):
        photo_of(obj)
    obj.path.unlink()
    with pytest.raises(PhotoError, match="no longer there"):
        photo_of(obj)
