"""A form for one person on this machine: a page, and what it asks of whoever stands behind it."""

from headrace.serve.form.app import form_app
from headrace.serve.form.protocol import Form
from headrace.serve.form.server import FormServer

__all__ = ["Form", "FormServer", "form_app"]
