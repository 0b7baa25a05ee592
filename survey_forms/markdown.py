"""The markdown of form labels as safe HTML: nothing that a form's author writes becomes a tag of its own.

Source: XLSForm documentation, "Styling prompts": headings, emphasis, links,
lists, line breaks, and span with a colour.
"""

import html
import re

_COLOUR = re.compile(
    r"&lt;span style=(?:&quot;|&#x27;)color: ?(#?\w{1,20});?(?:&quot;|&#x27;)&gt;(.*?)&lt;/span&gt;", re.DOTALL
)
_LINK = re.compile(r"\[([^\[\]]{1,200})\]\((https?://[^\s()\"'<>]{1,500})\)")
_STRONG = re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1")
_STRESSED = re.compile(r"(?<![\w*])(\*|_)(?=\S)([^*_\n]+?)(?<=\S)\1(?![\w*])")
_HEADING = re.compile(r"(#{1,6})\s+(.*)")
_ITEM = re.compile(r"[-*]\s+(.*)")


def to_html(text: str) -> str:
    """Return a label as HTML.

    >>> to_html("**a** <b>")
    '<b>a</b> &lt;b&gt;'
    """
    lines = [_line(line) for line in html.escape(text).split("\n")]
    body = "<br>".join(lines)
    for tag in ("h1", "h2", "h3", "h4", "h5", "h6", "li"):
        body = body.replace(f"</{tag}><br>", f"</{tag}>")
    return _COLOUR.sub(r'<span style="color:\1">\2</span>', body)


def _line(line: str) -> str:
    if heading := _HEADING.fullmatch(line.strip()):
        level = len(heading[1])
        return f"<h{level}>{_inline(heading[2])}</h{level}>"
    if item := _ITEM.fullmatch(line.strip()):
        return f"<li>{_inline(item[1])}</li>"
    return _inline(line)


def _inline(text: str) -> str:
    text = _STRONG.sub(r"<b>\2</b>", text)
    text = _STRESSED.sub(r"<i>\2</i>", text)
    return _LINK.sub(lambda match: f'<a href="{match[2]}">{match[1]}</a>', text)


def plain(text: str) -> str:
    """Return a label without marks, for places that show no styles.

    >>> plain("**a** <b>")
    'a <b>'
    """
    return html.unescape(re.sub(r"<[^>]*>", "", to_html(text).replace("<br>", " ")))
