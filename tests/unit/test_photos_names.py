import unicodedata
from pathlib import Path

import pytest

from egraph.photos.image import PhotoError
from egraph.photos.names import PhotoNames


def touch(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


@pytest.mark.parametrize(
    "name",
    [
        "sub/my photo.png",
        "sub\\my photo.png",
        "sub/my%20photo.png",
        "/data/upload/3/sub/my photo.png",
        "C:\\Users\\me\\sub\\my photo.png",
        "../other/my photo.png",
        "https://host/files/my%20photo.png",
        "/data/local-files/?d=sub%2Fmy%20photo.png",
        "0123abcd-my photo.png",
        "SUB/My Photo.PNG",
        "sub/./my photo.png",
    ],
)
def test_however_exporters_write_it(tmp_path, name):
    touch(tmp_path, "sub/my photo.png", "sub/another.png")
    assert PhotoNames(tmp_path).find(name).path == tmp_path / "sub" / "my photo.png"
    files = [tmp_path / "sub" / "my photo.png", tmp_path / "sub" / "another.png"]
    assert PhotoNames(Path("/nowhere"), files).find(name).path == files[0]


@pytest.mark.parametrize("there", ["NFC", "NFD"])
@pytest.mark.parametrize("asked", ["NFC", "NFD"])
def test_unicode_normal_forms_are_the_same(tmp_path, there, asked):
    name = "été/Überblick.png"
    touch(tmp_path, unicodedata.normalize(there, name))
    found = PhotoNames(tmp_path).find(unicodedata.normalize(asked, name)).path
    assert found == tmp_path / unicodedata.normalize(there, name)


def test_only_where_one_photo_fits(tmp_path):
    touch(tmp_path, "a/1.png", "b/1.png", "b/2.png", "Case.png", "case.png")
    names = PhotoNames(tmp_path)
    assert names.find("x/b/1.png").path == tmp_path / "b" / "1.png", "the longest end decides"
    assert names.find("x/case.png").path == tmp_path / "case.png", "the same letters come first"
    for name in ("x/1.png", "x/CASE.png"):
        with pytest.raises(PhotoError, match="several photos fit its name"):
            names.find(name)
    for name in ("3.png", "b", "png", ".", "", "a\0b"):
        with pytest.raises(PhotoError, match=r"is missing|is not valid"):
            names.find(name)


def test_a_name_as_it_stands_comes_before_its_end(tmp_path):
    touch(tmp_path, "1.png", "images/1.png", "images/2.png")
    names = PhotoNames(tmp_path)
    assert names.find("1.png").path == tmp_path / "1.png"
    assert names.find("2.png") == names.find("images/2.png")
    assert names.find("images/1.png").exact and not names.find("x/2.png").exact
    assert PhotoNames(tmp_path / "images").find("images/2.png").exact
