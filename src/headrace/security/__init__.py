"""Who is asking, and what they may see: every question passes `gate`, whichever door it came in by."""

from headrace.security.catalog import Catalog
from headrace.security.gate import Admitted, gate
from headrace.security.principals import Principal, Principals
from headrace.security.tokens import LocalToken, open_token, read_token

__all__ = ["Admitted", "Catalog", "LocalToken", "Principal", "Principals", "gate", "open_token", "read_token"]
