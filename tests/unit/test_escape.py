import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from egraph.escape import SHOWN, escaped, shown, unescaped


@given(
    st.binary(max_size=30).filter(lambda name: b"\0" not in name) | st.sampled_from([rb"a\xE9", b"\\\xe9", rb"\x5CxE9"])
)
def test_any_name_of_a_file_comes_back(name: bytes) -> None:
    text = os.fsdecode(name)
    kept = escaped(text)
    kept.encode("utf-8")
    assert unescaped(kept) == text


@given(
    st.text(max_size=20, alphabet=st.characters(codec="utf-8")),
    st.text(max_size=20, alphabet=st.characters(codec="utf-8")),
)
def test_no_two_names_are_escaped_alike_and_plain_ones_stay(one: str, other: str) -> None:
    assert (escaped(one) == escaped(other)) == (one == other)
    assert "\\x" in one or escaped(one) == one


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [("utf-8", "caf\\xE9 頭 é \ud83d\ude00"), ("cp1252", "caf\\xE9 ? é ?"), ("ascii", "caf\\xE9 ? ? ?")],
)
def test_what_an_encoding_has_not_is_replaced(encoding: str, expected: str) -> None:
    text = os.fsdecode(b"caf\xe9") + " 頭 é 😀"
    assert text.encode(encoding, SHOWN) == expected.encode("utf-16", "surrogatepass").decode("utf-16").encode(encoding)
    assert shown(text) == "caf\\xE9 頭 é 😀"
