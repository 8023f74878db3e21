"""Web pages: a title and a body go in, one whole page comes out that loads nothing from anywhere."""

from __future__ import annotations

from html import escape

GENERATOR = '<meta name="generator" content="reinterpret">'
"""By this a page is known again that may be written over."""

_STYLE = """
:root { color-scheme: light dark; --faint: #6b6b70; --line: #ddd; --ground: #fff; --ink: #18181b }
@media (prefers-color-scheme: dark) {
  :root { --faint: #a0a0a5; --line: #333338; --ground: #121214; --ink: #ebebeb }
}
body { margin: 0 auto; padding: 1rem; max-width: 72rem; background: var(--ground); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere }
h1 { font-size: 1.4rem } h2 { font-size: 1.1rem; margin: 0 }
p { margin: .3rem 0 } .faint { color: var(--faint) }
figure { margin: 0 } figcaption { font-size: .75rem; color: var(--faint) }
a { color: inherit }
"""


def webpage(title: str, body: str, *, style: str = "") -> str:
    """A page as HTML. title: any text. body: HTML. style: CSS beside what all pages of this program have."""
    return "\n".join(
        [
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            GENERATOR,
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{quoted(title)}</title>\n<style>{_STYLE}{style}</style>\n</head>\n<body>",
            body,
            "</body>\n</html>\n",
        ]
    )


def quoted(text: str) -> str:
    """Any text as HTML, also within an attribute; what is no letter becomes a blank, line ends stay.

    >>> quoted('<a title="b">' + chr(0))
    '&lt;a title=&quot;b&quot;&gt; '
    """
    return escape("".join(letter if letter.isprintable() or letter == "\n" else " " for letter in text))


def many(count: int, what: str) -> str:
    """A number of things.

    >>> many(1, "shot"), many(2, "shot")
    ('1 shot', '2 shots')
    """
    return f"{count} {what}{'' if count == 1 else 's'}"
