"""Generated XML around the elements of XEP-0084, XEP-0153 and vCards."""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

from hypothesis import strategies as st

from tests.avatar_support import png
from xavatar.avatar.ids import sha1

META, DATA, CARD, UPDATE = "urn:xmpp:avatar:metadata", "urn:xmpp:avatar:data", "vcard-temp", "vcard-temp:x:update"
SHA = sha1(png())

TEXT = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Cn", "Co"), include_characters="\n\t "), max_size=30
) | st.sampled_from(
    ["", " ", SHA, SHA.upper(), f" {SHA}\n", "current", "AAAA", "AAA", "====", "data:image/png;base64,AAAA"]
)
VALUE = TEXT | st.sampled_from(
    ["0", "-1", "1_000", "64", "64px", "65536", "1e3", "٣", "image/png", "http://x", "https://x/y"]
)
NAMES = {
    META: ["metadata", "info", "pointer", "stop"],
    DATA: ["data"],
    CARD: ["vCard", "PHOTO", "BINVAL", "TYPE", "EXTVAL", "FN"],
    UPDATE: ["x", "photo"],
    "urn:odd": ["odd"],
}
ATTRIBUTES = st.dictionaries(
    st.sampled_from(["id", "type", "bytes", "width", "height", "url", "node", "mime-type"]), VALUE, max_size=6
)


def element(namespace: str, name: str, attributes: dict[str, str], content: str) -> str:
    pairs = "".join(f" {key}={quoteattr(value)}" for key, value in attributes.items())
    return f"<{name} xmlns={quoteattr(namespace)}{pairs}>{content}</{name}>"


NAME = st.sampled_from([(namespace, name) for namespace, names in NAMES.items() for name in names])


def _tree(children: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    content = st.lists(children | TEXT.map(escape), max_size=4).map("".join)
    return st.builds(lambda tag, attributes, inside: element(*tag, attributes, inside), NAME, ATTRIBUTES, content)


TREE = st.recursive(TEXT.map(escape), _tree, max_leaves=8).filter(lambda text: text.startswith("<"))


def payload(namespace: str, name: str) -> st.SearchStrategy[str]:
    """A payload whose root, at least, is as it should be; or anything."""
    content = st.lists(TREE | TEXT.map(escape), max_size=4).map("".join)
    return st.builds(element, st.just(namespace), st.just(name), ATTRIBUTES, content) | TREE
