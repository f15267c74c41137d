"""Notebooks as pages: their text, code and what they showed, without a script."""

import re

_MATH = re.compile(r"\$\$(.+?)\$\$|(?<![\\$\w])\$([^$\n]+?)\$(?![\w$])", re.S)
_CODE = re.compile(r"(^ *```.*?^ *```|`[^`\n]+`)", re.M | re.S)


def write_notebook(path, page):
    """Writes a notebook as Markdown, its pictures beside it.

    Args:
        path: of the .ipynb.
        page: of the .md.

    Returns:
        The Markdown, with links as they are in the notebook.
    """
    import nbconvert
    import nbformat

    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = with_mathml(cell.source)
    folder = f"{page.stem}_files"
    resources = {"output_files_dir": folder, "unique_key": page.stem}
    text, made = nbconvert.MarkdownExporter().from_notebook_node(notebook, resources)
    for name, data in made["outputs"].items():
        picture = page.parent / name
        picture.parent.mkdir(parents=True, exist_ok=True)
        picture.write_bytes(data)
    return text


def with_mathml(text):
    """LaTeX between dollars as MathML, which browsers draw by themselves."""
    from latex2mathml.converter import convert

    def drawn(match):
        block, line = match.groups()
        return convert(block or line, display="block" if block else "inline")

    parts = _CODE.split(text)
    return "".join(
        part if place % 2 else _MATH.sub(drawn, part)
        for place, part in enumerate(parts)
    )
