import os

import pytest
from PIL import Image

from egraph.errors import InputError, UsageError
from egraph.photos.folder import read_folder


def save(path, colour, size=(30, 20)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path)
    return path


def test_photos_come_sorted_from_all_subfolders(tmp_path):
    names = ["b.png", "a/z.jpg", "a/b/c.PNG", "c.webp"]
    for i, name in enumerate(names):
        save(tmp_path / name, (i * 40, 0, 0))
    photos = read_folder(tmp_path)
    assert [o.path for o in photos.objects] == sorted(tmp_path / name for name in names)
    assert not photos.skipped
    assert all(o.box.width == o.photo_width == 30 and o.box.height == o.photo_height == 20 for o in photos.objects)
    assert len({o.id for o in photos.objects}) == 4


def test_hidden_files_and_companions_are_passed_over(tmp_path):
    save(tmp_path / "a.png", "red")
    save(tmp_path / ".hidden.png", "green")
    save(tmp_path / ".cache" / "b.png", "blue")
    (tmp_path / "annotations.json").write_text("{}")
    (tmp_path / "labels.txt").write_text("a 1")
    photos = read_folder(tmp_path)
    assert [o.path.name for o in photos.objects] == ["a.png"]
    assert photos.skipped == []


def test_bad_files_among_good_ones_are_named(tmp_path):
    good = save(tmp_path / "good.jpg", "red")
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "words.jpg").write_text("this is no photo")
    (tmp_path / "head.jpg").write_bytes(good.read_bytes()[:100])
    (tmp_path / "movie.mp4").write_bytes(b"\0\0\0\x18ftypmp42" + bytes(50))
    Image.new("1", (20_000, 10_000)).save(tmp_path / "bomb.png")
    os.mkfifo(tmp_path / "pipe.jpg")
    photos = read_folder(tmp_path)
    assert [o.path for o in photos.objects] == [good]
    reasons = {os.path.basename(s.path): s.reason for s in photos.skipped}  # noqa: PTH119
    assert reasons.keys() == {"empty.jpg", "words.jpg", "head.jpg", "movie.mp4", "bomb.png", "pipe.jpg"}
    assert "empty" in reasons["empty.jpg"]
    assert "not an image" in reasons["words.jpg"]
    assert "million pixels" in reasons["bomb.png"]
    assert "not a file" in reasons["pipe.jpg"]


def test_a_photo_without_an_ending_is_found(tmp_path):
    save(tmp_path / "a.png", "red").rename(tmp_path / "a")
    assert len(read_folder(tmp_path).objects) == 1


def test_links_to_folders_are_followed_once(tmp_path):
    folder, outside = tmp_path / "photos", tmp_path / "outside"
    inside = save(folder / "sub" / "a.png", "red")
    save(outside / "deep" / "b.png", "green")
    (folder / "away").symlink_to(outside)
    (folder / "also").symlink_to(folder / "sub")
    (outside / "loop").symlink_to(folder)
    (folder / "broken").symlink_to(tmp_path / "nowhere")
    (folder / "self").symlink_to(folder / "self")
    photos = read_folder(folder)
    assert [o.path for o in photos.objects] == [folder / "away" / "deep" / "b.png", inside]
    again = "this folder was looked at already, by another path"
    assert {s.path.removeprefix(f"{folder}/"): s.reason.partition(" (")[0] for s in photos.skipped} == {
        "also": again,
        "away/loop": again,
        "broken": "the file is missing",
        "self": "the file cannot be read",
    }
    (tmp_path / "mine").symlink_to(folder)
    assert len(read_folder(tmp_path / "mine").objects) == 2


def test_the_same_content_counts_once(tmp_path):
    first = save(tmp_path / "a.png", "red")
    (tmp_path / "b.png").write_bytes(first.read_bytes())
    photos = read_folder(tmp_path)
    assert [o.path for o in photos.objects] == [first]
    assert [(s.path, "same photo" in s.reason) for s in photos.skipped] == [(str(tmp_path / "b.png"), True)]


def test_a_limit_draws_a_seeded_sample_in_order(tmp_path):
    for i in range(20):
        save(tmp_path / f"{i:02}.png", (i, 0, 0))
    everything = [o.path for o in read_folder(tmp_path).objects]
    drawn = [o.path for o in read_folder(tmp_path, limit=8, seed=3).objects]
    assert drawn == [o.path for o in read_folder(tmp_path, limit=8, seed=3).objects]
    assert drawn == sorted(drawn) and len(set(drawn)) == 8
    assert drawn != everything[:8]
    assert drawn != [o.path for o in read_folder(tmp_path, limit=8, seed=4).objects]
    assert {o.path for o in read_folder(tmp_path, limit=5, seed=3).objects} < set(drawn)
    assert [o.path for o in read_folder(tmp_path, limit=100).objects] == everything
    with pytest.raises(UsageError, match="1 or more"):
        read_folder(tmp_path, limit=0)


def test_progress_counts_to_the_true_total(tmp_path):
    save(tmp_path / "a.png", "red")
    (tmp_path / "b.png").touch()
    seen = []
    read_folder(tmp_path, progress=lambda *step: seen.append(step))
    assert seen == [("reading photos", 1, 2), ("reading photos", 2, 2)]


@pytest.mark.parametrize("name", ["missing", "file.jpg", "bad\0name"])
def test_a_folder_that_is_none(tmp_path, name):
    (tmp_path / "file.jpg").touch()
    with pytest.raises(InputError) as caught:
        read_folder(tmp_path / name)
    assert str(caught.value).count(".") <= 3 and str(tmp_path) in str(caught.value)


def test_an_unreadable_folder_says_so(tmp_path, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("egraph.photos.folder.os.scandir", refuse)
    with pytest.raises(InputError, match=r"Permission denied.*permissions"):
        read_folder(tmp_path)


def test_no_usable_photo_gives_the_counts(tmp_path):
    with pytest.raises(InputError, match="no file that could be one"):
        read_folder(tmp_path)
    (tmp_path / "a.jpg").touch()
    (tmp_path / "b.jpg").touch()
    with pytest.raises(InputError, match=r"files that cannot be used: 2 .*a\.jpg, the file is empty"):
        read_folder(tmp_path)
