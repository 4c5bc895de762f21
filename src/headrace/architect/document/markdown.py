"""Blocks as Markdown, with pictures in files beside it."""

from __future__ import annotations

from collections.abc import Iterable

from headrace.architect.document.blocks import Block, Figure, Heading, Paragraph, Points, Table

PICTURES = "pictures"


def markdown(blocks: Iterable[Block]) -> str:
    """Return the text of ``architecture.md``."""
    return "\n\n".join(_block(block) for block in blocks) + "\n"


def _block(block: Block) -> str:
    match block:
        case Heading():
            return f"{'#' * block.level} {block.text}"
        case Paragraph():
            return f"**{block.strong}** {block.text}" if block.strong else block.text
        case Points():
            return "\n".join(f"{f'{i}.' if block.numbered else '-'} {item}" for i, item in enumerate(block.items, 1))
        case Table():
            return _table(block)
        case Figure():
            shown = f"![{block.says}]({PICTURES}/{block.name}.svg)"
            return f"{shown}\n\n```mermaid\n{block.mermaid}\n```" if block.mermaid else shown


def _table(block: Table) -> str:
    rules = ["---:" if i in block.numbers else "---" for i in range(len(block.head))]
    lines = [block.head, tuple(rules), *block.rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in lines)
