"""XML from elsewhere: text goes in, elements come out, and nothing else happens.

No entity is expanded, no document type but a bare name is accepted, and no other file is opened.
"""

from __future__ import annotations

from typing import NoReturn
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

# Timelines nest a dozen levels; deeper ones are made to exhaust somebody.
_DEEPEST = 200


def parse_xml(text: bytes) -> Element:
    """The root element. Raises ValueError, with the line, for what is no XML or has a document type of its own."""
    builder = TreeBuilder()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    depth = 0

    def refuse(*_: object) -> NoReturn:
        raise ValueError(f"line {parser.CurrentLineNumber}: declares entities or another document, which are not read")

    def doctype(name: str, system: str | None, public: str | None, subset: bool) -> None:
        if system or public or subset:
            refuse()

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > _DEEPEST:
            raise ValueError(f"line {parser.CurrentLineNumber}: elements nest deeper than {_DEEPEST} levels")
        builder.start(tag, attributes)

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(tag)

    parser.StartDoctypeDeclHandler = doctype
    parser.EntityDeclHandler = refuse
    parser.ExternalEntityRefHandler = refuse
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = builder.data
    try:
        parser.Parse(text, True)
    except expat.ExpatError as error:
        raise ValueError(f"line {error.lineno}: is no XML ({expat.errors.messages[error.code]})") from error
    return builder.close()
