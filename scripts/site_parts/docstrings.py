"""Docstrings as Markdown: a griffe extension.

In ours a star is a star, as in `(batch, *signal_shape)`, and a bar or bracket is one;
only code in backticks and fences is Markdown.
"""

import re

import griffe

_CODE = re.compile(r"(^ *```.*?^ *```|``.+?``|`[^`\n]+`)", re.M | re.S)
# `**kwargs:` at the start of a line is the name of an argument.
_SPECIAL = re.compile(r"(^ *\*+\w+:)|([*<\[\]])", re.M)


def escaped(text):
    """Text whose stars, brackets and tags stand for themselves, code left as it is."""
    parts = _CODE.split(text)
    return "".join(
        part if place % 2 else _SPECIAL.sub(_escape, part)
        for place, part in enumerate(parts)
    )


def _escape(match):
    name, special = match.groups()
    return name or f"\\{special}"


class PlainDocstrings(griffe.Extension):
    """Escapes what our docstrings do not mean as Markdown."""

    def on_object(self, *, obj, **kwargs):
        if obj.docstring:
            obj.docstring.value = escaped(obj.docstring.value)
