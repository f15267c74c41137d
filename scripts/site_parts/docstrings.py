"""Docstrings as Markdown: a griffe extension.

In ours a star is a star, as in `(batch, *signal_shape)`, and a bar or bracket is one;
only code in backticks and fences is Markdown.
"""

import re

import griffe

_CODE = re.compile(r"(^ *```.*?^ *```|``.+?``|`[^`\n]+`)", re.M | re.S)
_SPECIAL = re.compile(r"([*<\[\]])")


def escaped(text):
    """Text whose stars, brackets and tags stand for themselves, code left as it is."""
    parts = _CODE.split(text)
    return "".join(
        part if place % 2 else _SPECIAL.sub(r"\\\1", part)
        for place, part in enumerate(parts)
    )


class PlainDocstrings(griffe.Extension):
    """Escapes what our docstrings do not mean as Markdown."""

    def on_object(self, *, obj, **kwargs):
        if obj.docstring:
            obj.docstring.value = escaped(obj.docstring.value)
