"""What is known to identify an operator's rows, and rows of which one of each is enough."""

from __future__ import annotations

from sqlglot import exp

from headrace.sql.catalog import Catalog
from headrace.sql.dates import key_of_text
from headrace.sql.functions import expands
from headrace.sql.nodes import Aggregate, Expire, Join, Node, Project, Scan, Top, Window, column


def key(node: Node, catalog: Catalog) -> tuple[str, ...]:
    """Output columns that together identify a row; none when nothing is known to."""
    match node:
        case Scan():
            relation = catalog.relations[node.relation]
            return relation.key if relation.live and set(relation.key) <= set(node.columns) else ()
        case Project():
            below = () if any(expands(v) for _, v in node.outputs) else key(node.child, catalog)
            shown = {v.name: n for n, v in node.outputs if isinstance(v, exp.Column)}
            shown |= {of_text: n for n, v in node.outputs if (of_text := key_of_text(v, node.child)) is not None}
            return tuple(shown[k] for k in below) if all(k in shown for k in below) else ()
        case Aggregate():
            return tuple(name for name, _ in node.keys)
        case Window() | Top() | Expire():
            return key(node.child, catalog)
        case Join():
            left, right = key(node.left, catalog), key(node.right, catalog)
            return left + right if left and right else ()
        case _:
            return ()


def distinct(node: Node, catalog: Catalog) -> Node:
    """``node``'s rows, each once: for a reader to whom it matters only whether there is one.

    What it keeps is then as large as there are different rows, and only the first and the last of equal ones are a change.
    """
    return node if key(node, catalog) else once(node)


def once(node: Node) -> Aggregate:
    """``node``'s rows, each once, whatever is known of them."""
    return Aggregate(node, tuple((name, column(name)) for name in node.columns), ())
