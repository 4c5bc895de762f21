"""Blocks as one HTML page that needs nothing else: pictures are in it, and it is light or dark as the reader's system is."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape

from headrace.architect.document.blocks import Block, Figure, Heading, Paragraph, Points, Table
from headrace.architect.document.charts import STYLE

_STYLE = """
:root{color-scheme:light dark;--ink:#1b2733;--soft:#5b6b7a;--rule:#d5dde4;--box:#eef3f7;--page:#fff}
@media (prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#a3b1be;--rule:#3a4855;--box:#22303c;--page:#131c24}}
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.55 system-ui,sans-serif}
main{max-width:1080px;margin:0 auto;padding:24px}
nav{font-size:14px;columns:3;border-bottom:1px solid var(--rule);padding-bottom:12px}
nav a{display:block;color:inherit}
h1{font-size:30px}h2{font-size:23px;margin-top:44px;border-bottom:1px solid var(--rule);padding-bottom:6px}h3{font-size:18px;margin-top:28px}
.wide{overflow-x:auto;margin:14px 0}
table{border-collapse:collapse;font-size:14px;min-width:60%}
th,td{border-bottom:1px solid var(--rule);padding:5px 10px 5px 0;text-align:left;vertical-align:top}
th{color:var(--soft);font-weight:600}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
code{background:var(--box);padding:1px 4px;border-radius:3px;font-size:.92em;overflow-wrap:anywhere}
td{overflow-wrap:break-word}
.mark{color:var(--soft);font-size:.82em}
figure{margin:16px 0;overflow-x:auto}
@media (max-width:700px){main{padding:14px}nav{columns:1}table{font-size:13px}td,th{padding-right:7px}}
@media print{nav{display:none}}
"""
_MARK = re.compile(r"\[(?:§|E\d|R: )[^\]]*\]")
_CODE = re.compile(r"`([^`]+)`")
_LINK = re.compile(r"https?://[^\s<]+")


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
            return f"<figure>{block.svg.replace(STYLE, _PICTURE)}</figure>"


_PICTURE = STYLE.split("@media")[0] + "</style>"
"""Within the page, the page's colours hold."""


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
    shown = _MARK.sub(lambda found: f"<span class=mark>{found[0]}</span>", shown)
    return _LINK.sub(lambda found: f'<a href="{found[0]}">{found[0]}</a>', shown)


def _anchor(said: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", said.lower()).strip("-")
