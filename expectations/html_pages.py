"""Pages of HTML in which whatever is filled in is text, and which can load and run nothing.

The templates escape every value, and characters that cannot be seen or that turn the direction of
writing are shown by their number. A policy in each page allows its one style sheet and no more, so
that it holds on a public site and from the disk as well as behind the dashboard's server.
"""

from __future__ import annotations

import base64
import hashlib
import unicodedata
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

TEMPLATES = Path(__file__).resolve().parent / "templates"
STYLE = (TEMPLATES / "style.css").read_text("utf-8")
STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY = f"default-src 'none'; style-src 'sha256-{STYLE_HASH}'; base-uri 'none'; form-action 'none'"
# Controls, marks without width or of direction, halves of surrogates, private use, separators.
UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
LINE_BREAKS = "\n\t"


def render(template: str, **values: Any) -> bytes:
    """A page of `templates/`, in UTF-8. A value that a template wants and lacks is an error."""
    return _environment().get_template(template).render(values).encode("utf-8")


def visible(value: Any) -> Any:
    """Text with what cannot be seen as its number: U+202E as `\\u202e`."""
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return "".join(
        f"\\u{ord(character):04x}"
        if unicodedata.category(character) in UNSEEN and character not in LINE_BREAKS
        else character
        for character in value
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=visible,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(style=Markup(STYLE), policy=POLICY)  # noqa: S704
    return environment
