"""Pages of rooms, which `help` shows too."""

import pathlib


def with_page(doc, file):
    """A package's docstring with the README beside it.

    Args:
        doc: `__doc__` of the package; None under `python -OO`.
        file: its `__file__`.
    """
    page = pathlib.Path(file).with_name("README.md")
    if doc is None or not page.is_file():
        return doc
    return f"{doc}\n\n{page.read_text(encoding='utf-8')}"
