import struct
import sys
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags, Image, features

from egraph.photos import image as image_module
from egraph.photos.boxes import clip, whole_pixels
from egraph.photos.crop import from_fractions, read_crop, to_fractions
from egraph.photos.image import PhotoError, read_header
from egraph.photos.photo import Box, PhotoObject

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def quarters() -> Image.Image:
    """60 x 40: red, green over blue, white."""
    pixels = np.zeros((40, 60, 3), np.uint8)
    pixels[:20, :30], pixels[:20, 30:], pixels[20:, :30], pixels[20:, 30:] = RED, GREEN, BLUE, WHITE
    return Image.fromarray(pixels)


def whole(path) -> PhotoObject:
    header = read_header(path)
    return PhotoObject(
        path, header.sha256, header.width, header.height, Box(0.0, 0.0, float(header.width), float(header.height))
    )


def corners(crop: np.ndarray) -> list[tuple[int, ...]]:
    n = len(crop)
    return [tuple(int(v) for v in crop[i, j]) for i in (n // 8, -n // 8) for j in (n // 8, -n // 8)]


def test_a_whole_photo_becomes_a_square(tmp_path):
    quarters().save(tmp_path / "a.png")
    crop = read_crop(whole(tmp_path / "a.png"), 32)
    assert crop.shape == (32, 32, 3) and crop.dtype == np.uint8
    assert corners(crop) == [RED, GREEN, BLUE, WHITE]


def test_nothing_outside_the_box_leaks_in(tmp_path):
    quarters().save(tmp_path / "a.png")
    obj = whole(tmp_path / "a.png")
    for box, colour in ((Box(30, 0, 30, 20), GREEN), (Box(29.6, -5, 300, 24.8), GREEN), (Box(0, 20, 30, 20), BLUE)):
        crop = read_crop(PhotoObject(obj.path, obj.sha256, 60, 40, box), 50)
        assert (crop == colour).all()


def test_resizing_is_antialiased_bicubic(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (90, 120, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "a.png")
    crop = read_crop(whole(tmp_path / "a.png"), 30).astype(float)
    taken = [slow_bicubic_matrix(n, 30) for n in noise.shape[:2]]
    expected = np.einsum("ij,kl,jlc->ikc", *taken, noise.astype(float)).clip(0, 255)
    assert np.abs(crop - expected).max() <= 1.5


def slow_bicubic_matrix(n: int, size: int) -> np.ndarray:
    scale = n / size
    weights = np.zeros((size, n))
    for i in range(size):
        for j in range(n):
            t = abs((j + 0.5) - (i + 0.5) * scale) / max(scale, 1)
            a = -0.5
            if t < 1:
                weights[i, j] = (a + 2) * t**3 - (a + 3) * t**2 + 1
            elif t < 2:
                weights[i, j] = a * (t**3 - 5 * t**2 + 8 * t - 4)
    return weights / weights.sum(1, keepdims=True)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("ending", ["jpg", "png", "tif", "webp"])
def test_exif_orientation_is_honoured(tmp_path, orientation, ending):
    undo = {
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }[orientation]
    stored = quarters() if undo is None else quarters().transpose(undo)
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    path = tmp_path / f"a.{ending}"
    stored.save(path, exif=exif, quality=100)
    header = read_header(path)
    assert (header.width, header.height) == (60, 40)
    assert header.sideways == (orientation >= 5)
    for found, colour in zip(corners(read_crop(whole(path), 32)), (RED, GREEN, BLUE, WHITE), strict=True):
        assert np.abs(np.subtract(found, colour)).max() < 12


def grey(mode: str) -> Image.Image:
    ramp = np.linspace(0, 65535, 64).round().astype(np.uint16)
    return Image.fromarray(np.tile(ramp, (64, 1))) if mode == "I;16" else Image.new(mode, (64, 64))


def test_16_bits_are_scaled(tmp_path):
    for ending in ("png", "tif"):
        path = tmp_path / f"deep.{ending}"
        grey("I;16").save(path)
        crop = read_crop(whole(path), 64)
        expected = np.linspace(0, 255, 64).round()
        assert np.abs(crop[32, :, 0].astype(float) - expected).max() <= 1
        assert (crop[..., 0] == crop[..., 2]).all()


def test_grey_cmyk_and_bilevel(tmp_path):
    Image.new("L", (8, 8), 100).save(tmp_path / "grey.jpg")
    Image.new("1", (8, 8), 1).save(tmp_path / "bits.png")
    Image.new("CMYK", (8, 8), (0, 255, 255, 0)).save(tmp_path / "ink.jpg", quality=100)
    Image.new("CMYK", (8, 8), (0, 255, 255, 0)).save(tmp_path / "ink.tif")
    assert (read_crop(whole(tmp_path / "grey.jpg"), 4) == 100).all()
    assert (read_crop(whole(tmp_path / "bits.png"), 4) == 255).all()
    for name in ("ink.jpg", "ink.tif"):
        assert np.abs(read_crop(whole(tmp_path / name), 4).astype(int) - RED).max() < 8


def test_transparency_is_laid_on_white(tmp_path):
    Image.new("RGBA", (8, 8), (255, 0, 0, 0)).save(tmp_path / "clear.png")
    Image.new("RGBA", (8, 8), (255, 0, 0, 128)).save(tmp_path / "half.png")
    Image.new("LA", (8, 8), (0, 0)).save(tmp_path / "grey.png")
    palette = Image.new("P", (8, 8), 0)
    palette.putpalette([0, 0, 255, 255, 0, 0])
    palette.paste(1, (4, 0, 8, 8))
    palette.save(tmp_path / "palette.png", transparency=0)
    palette.save(tmp_path / "opaque.gif")
    assert (read_crop(whole(tmp_path / "clear.png"), 4) == 255).all()
    assert np.abs(read_crop(whole(tmp_path / "half.png"), 4).astype(int) - (255, 127, 127)).max() <= 1
    assert (read_crop(whole(tmp_path / "grey.png"), 4) == 255).all()
    crop = read_crop(whole(tmp_path / "palette.png"), 8)
    assert tuple(crop[0, 0]) == WHITE and tuple(crop[0, -1]) == RED
    assert tuple(read_crop(whole(tmp_path / "opaque.gif"), 8)[0, 0]) == BLUE


def test_floating_point_photos_are_refused(tmp_path):
    Image.new("F", (8, 8), 0.5).save(tmp_path / "a.tif")
    with pytest.raises(PhotoError, match="8 or 16 bits"):
        read_crop(whole(tmp_path / "a.tif"), 4)


def test_a_photo_cut_off_inside_says_so(tmp_path):
    path = tmp_path / "cut.jpg"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (200, 200, 3), dtype=np.uint8)).save(path)
    path.write_bytes(path.read_bytes()[:4000])
    obj = whole(path)
    with pytest.raises(PhotoError, match=r"cut\.jpg cannot be used: the file is cut off"):
        read_crop(obj, 32)


def test_a_photo_changed_since_it_was_listed_says_so(tmp_path):
    quarters().save(tmp_path / "a.png")
    obj = whole(tmp_path / "a.png")
    Image.new("RGB", (10, 10)).save(tmp_path / "a.png")
    with pytest.raises(PhotoError, match="10 x 10"):
        read_crop(obj, 32)
    (tmp_path / "a.png").unlink()
    with pytest.raises(PhotoError, match="missing"):
        read_crop(obj, 32)


def test_a_bomb_is_refused_from_its_header(tmp_path, monkeypatch, recwarn):
    Image.new("1", (10_001, 10_000)).save(tmp_path / "big.png")
    Image.new("1", (20_000, 10_000)).save(tmp_path / "bomb.png")
    monkeypatch.setattr(Image.Image, "load", lambda self: pytest.fail("decoded"))
    for name in ("big.png", "bomb.png"):
        with pytest.raises(PhotoError, match="100 million"):
            read_header(tmp_path / name)
    assert not recwarn.list


def test_only_plain_formats_are_opened(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n")
    with pytest.raises(PhotoError, match="not an image"):
        read_header(tmp_path / "a.jpg")
    assert "EPS" not in image_module.FORMATS


@pytest.fixture
def without_heif(monkeypatch):
    """Pillow as it is where pillow-heif is not installed."""
    monkeypatch.setattr(Image, "OPEN", {name: plugin for name, plugin in Image.OPEN.items() if name != "HEIF"})
    monkeypatch.setitem(sys.modules, "pillow_heif", None)


HEIC = b"\0\0\0\x1cftypheic\0\0\0\0mif1heicmiaf" + bytes(200)
AVIF = b"\0\0\0 ftypavif\0\0\0\0avifmif1miafMA1B" + bytes(200)


def test_heic_photos_say_what_reads_them(tmp_path, without_heif):
    (tmp_path / "a.heic").write_bytes(HEIC)
    (tmp_path / "b.jpg").write_bytes(HEIC)
    for name in ("a.heic", "b.jpg"):
        with pytest.raises(PhotoError, match=r"it is a HEIC photo, which needs pip install 'egraph\[heif\]'"):
            read_header(tmp_path / name)


def test_heic_photos_are_read_as_a_viewer_shows_them(tmp_path):
    heif = pytest.importorskip("pillow_heif")
    path = tmp_path / "a.heic"
    heif.from_pillow(quarters()).save(path, quality=95)
    assert (read_header(path).width, read_header(path).height) == (60, 40)
    for found, colour in zip(corners(read_crop(whole(path), 32)), (RED, GREEN, BLUE, WHITE), strict=True):
        assert np.abs(np.subtract(found, colour)).max() < 20
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(PhotoError, match=r"damaged|cut off"):
        read_crop(PhotoObject(path, "", 60, 40, Box(0, 0, 60, 40)), 32)


@pytest.mark.skipif(not features.check("avif"), reason="this Pillow was built without AVIF")
def test_avif_photos_are_read(tmp_path):
    quarters().save(tmp_path / "a.avif", quality=95)
    for found, colour in zip(
        corners(read_crop(whole(tmp_path / "a.avif"), 32)), (RED, GREEN, BLUE, WHITE), strict=True
    ):
        assert np.abs(np.subtract(found, colour)).max() < 20


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (AVIF, "AVIF photo"),
        (b"\0\0\0\x18ftypmp42" + bytes(50), "film"),
        (b"\xff\x0a" + bytes(50), "JPEG XL"),
        (b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(50), "JPEG XL"),
        (b"8BPS\0\1" + bytes(50), "Photoshop"),
        (b"%PDF-1.7 ...", "PDF"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00", "git lfs pull"),
        (b"\xef\xbb\xbf\n<!DOCTYPE html><html>", "web page"),
        (b'<?xml version="1.0"?>\n<svg width="9">', "SVG"),
    ],
)
def test_what_is_no_photo_is_named(tmp_path, monkeypatch, content, reason):
    monkeypatch.setattr(Image, "OPEN", {name: plugin for name, plugin in Image.OPEN.items() if name != "AVIF"})
    (tmp_path / "a.jpg").write_bytes(content)
    with pytest.raises(PhotoError, match=reason):
        read_header(tmp_path / "a.jpg")


@pytest.mark.parametrize("place", ["before", "after"])
@pytest.mark.parametrize("kind", [b"zTXt", b"iTXt", b"tEXt", b"iCCP"])
def test_png_photos_with_long_texts_are_read(tmp_path, kind, place):
    quarters().save(tmp_path / "a.png")
    text = b"{" * 3_000_000 if kind != b"tEXt" else b"x" * 70_000_000
    data = {
        b"zTXt": lambda: b"workflow\0\0" + zlib.compress(text),
        b"iTXt": lambda: b"workflow\0\1\0\0\0" + zlib.compress(text),
        b"tEXt": lambda: b"workflow\0" + text,
        b"iCCP": lambda: b"profile\0\0" + zlib.compress(text),
    }[kind]()
    chunk = struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    content = (tmp_path / "a.png").read_bytes()
    cut = 33 if place == "before" else len(content) - 12
    (tmp_path / "a.png").write_bytes(content[:cut] + chunk + content[cut:])
    assert corners(read_crop(whole(tmp_path / "a.png"), 32)) == [RED, GREEN, BLUE, WHITE]


coordinates = st.floats(-50, 150, allow_nan=False)
lengths = st.floats(0, 200, allow_nan=False)


@given(coordinates, coordinates, lengths, lengths)
def test_clipped_boxes_lie_inside(x, y, width, height):
    box = Box(x, y, width, height)
    inside, rounded = clip(box, 100, 80), whole_pixels(box, 100, 80)
    if inside is None:
        assert rounded is None
        return
    assert inside.x >= 0 and inside.x + inside.width <= 100 + 1e-9
    if rounded is not None:
        assert rounded == whole_pixels(rounded, 100, 80)
        assert all(float(v).is_integer() for v in (rounded.x, rounded.y, rounded.width, rounded.height))
        assert abs(rounded.x - inside.x) <= 0.5 and rounded.width >= 1 and rounded.x + rounded.width <= 100


@given(st.floats(0, 1), st.floats(0, 1))
def test_fractions_and_pixels_are_inverse(x, y):
    obj = PhotoObject(None, "", 100, 100, Box(10, 20, 30, 40))  # type: ignore[arg-type]
    assert to_fractions(obj, *from_fractions(obj, x, y)) == pytest.approx((x, y), abs=1e-12)
    assert from_fractions(obj, 0, 0) == (10, 20) and from_fractions(obj, 1, 1) == (40, 60)
