"""Blocks as one HTML page that needs nothing else: pictures are in it, and it is light or dark as the reader's system is."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape
from importlib.resources import files

from headrace.architect.document.blocks import Block, Figure, Heading, Paragraph, Points, Table
from headrace.architect.document.charts import PLAIN_STYLE, STYLE
from headrace.architect.document.marks import MARK

_STYLE = (files("headrace.architect.document") / "page.css").read_text("utf-8")
_CODE = re.compile(r"`([^`]+)`")
_LINK = re.compile(r"https?://[^\s<\"]+")


def page(title: str, blocks: Iterable[Block]) -> str:
    """Return the text of ``architecture.html``."""
    made = list(blocks)
    heads = [block for block in made if isinstance(block, Heading) and block.level == 2]
    links = "".join(f'<a href="#{_anchor(head.text)}">{escape(head.text)}</a>' for head in heads)
    body = "\n".join(_block(block) for block in made)
    first, _, rest = body.partition("</h1>")
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>\n<body><main>{first}</h1><nav>{links}</nav>{rest}</main></body></html>\n"
    )


def _block(block: Block) -> str:
    match block:
        case Heading():
            named = f' id="{_anchor(block.text)}"' if block.level == 2 else ""
            return f"<h{block.level}{named}>{escape(block.text)}</h{block.level}>"
        case Paragraph():
            strong = f"<strong>{escape(block.strong)}</strong> " if block.strong else ""
            return f"<p>{strong}{_said(block.text)}</p>"
        case Points():
            kind = "ol" if block.numbered else "ul"
            return f"<{kind}>{''.join(f'<li>{_said(item)}</li>' for item in block.items)}</{kind}>"
        case Table():
            return _table(block)
        case Figure():
            return f"<figure>{block.svg.replace(STYLE, PLAIN_STYLE)}</figure>"


def _table(block: Table) -> str:
    def row(cells: tuple[str, ...], tag: str) -> str:
        return (
            "<tr>"
            + "".join(
                f"<{tag}{' class=n' if i in block.numbers else ''}>{_said(cell)}</{tag}>"
                for i, cell in enumerate(cells)
            )
            + "</tr>"
        )

    head = f"<thead>{row(block.head, 'th')}</thead>" if any(block.head) else ""
    return (
        f"<div class=wide><table>{head}<tbody>{''.join(row(cells, 'td') for cells in block.rows)}</tbody></table></div>"
    )


def _said(said: str) -> str:
    shown = _CODE.sub(r"<code>\1</code>", escape(said, quote=False))
    shown = MARK.sub(lambda found: f"<span class=mark>{found[0]}</span>", shown)
    return _LINK.sub(lambda found: f'<a href="{found[0]}">{found[0]}</a>', shown)


def _anchor(said: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", said.lower()).strip("-")
