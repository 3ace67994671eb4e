r"""Text that is no valid Unicode, such as a file's name in another encoding, written so that it can be shown and kept.

Python holds a byte that it cannot decode as a lone surrogate, which no database, JSON reader or terminal takes. Here it
becomes `\xE9` and the like; `unescaped` gives the name back by which the file is opened.
"""

import codecs
import os
import re
import sys

SHOWN = "egraph.shown"
"""Error handler of `str.encode`: bytes that were no text become `\\xE9`; what the encoding has not, a question mark."""

_SURROGATE = re.compile("[\ud800-\udfff]")
_LOOKS_ESCAPED = re.compile(r"\\(?=x[0-9A-F]{2})")
_ESCAPED = re.compile(r"\\x([0-9A-F]{2})")


def escaped(text: str) -> str:
    r"""The text with bytes that are no text as `\xE9`; a backslash that looks so already becomes `\x5C`."""
    return _SURROGATE.sub(_byte, _LOOKS_ESCAPED.sub(r"\\x5C", joined(text)))


def unescaped(text: str) -> str:
    """The inverse of `escaped`, for names of files."""
    pieces = _ESCAPED.split(text)
    data = b"".join(bytes([int(p, 16)]) if i % 2 else p.encode() for i, p in enumerate(pieces))
    name = data.decode("utf-8", "surrogateescape")
    return os.fsdecode(data) if sys.getfilesystemencoding() in ("ascii", "us-ascii") else name


def joined(text: str) -> str:
    """The text with bytes that are UTF-8 after all as what they say: in the locale C, Python takes them for no text."""
    if not _SURROGATE.search(text):
        return text
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape") if _only_bytes(text) else text


def shown(text: str) -> str:
    """The text without lone surrogates, as it is printed; everything else stays."""
    return _SURROGATE.sub(_byte, joined(text))


def _only_bytes(text: str) -> bool:
    return all(0xDC80 <= ord(match[0]) <= 0xDCFF for match in _SURROGATE.finditer(text))


def _byte(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code - 0xDC00:02X}" if 0xDC80 <= code <= 0xDCFF else "\ufffd"


def _show(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    piece = error.object[error.start : error.end]
    return "".join(shown(c) if _SURROGATE.match(c) and 0xDC80 <= ord(c) <= 0xDCFF else "?" for c in piece), error.end


codecs.register_error(SHOWN, _show)
