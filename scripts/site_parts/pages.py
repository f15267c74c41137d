"""Pages of the site, copied from where the project has them, their links mended."""

import os
import pathlib
import re
import shutil

ROOT = pathlib.Path(__file__).resolve().parents[2]
_LINK = re.compile(r"(?P<before>\]\(|\b(?:src|href)=\")(?P<link>[^)\"\s]+)")
_FENCE = re.compile(r"(^ *```.*?^ *```|`[^`\n]+`)", re.M | re.S)


def page_map(root=ROOT):
    """Where pages of the project go in the site: dict of paths, both relative."""
    pages = {
        "README.md": "index.md",
        "CONTRIBUTING.md": "contributing.md",
        "CHANGELOG.md": "changelog.md",
        "scripts/figures/README.md": "figures.md",
    }
    for page in sorted((root / "tf_gencs").glob("*/README.md")):
        room = page.parent.name
        pages[f"tf_gencs/{room}/README.md"] = f"rooms/{room}.md"
    for page in sorted((root / "tf_gencs").glob("*/*/README.md")):
        pages[str(page.relative_to(root))] = f"files/{page.parent.name}.md"
    for notebook in notebooks(root):
        pages[str(notebook.relative_to(root))] = f"notebooks/{notebook.stem}.md"
    if (root / "scripts/notebooks/README.md").exists():
        pages["scripts/notebooks/README.md"] = "notebooks/index.md"
    return pages


def notebooks(root=ROOT):
    """The notebooks of the project, in order."""
    return sorted((root / "scripts/notebooks").glob("*.ipynb"))


def mended(text, page, pages, root, site, beside=()):
    """A page's text with links that lead somewhere in the site.

    A link to a page leads to its place there, one to another file to a copy of it.

    Args:
        text: Markdown.
        page: path of the page in the project.
        pages: of `page_map`.
        root: folder of the project.
        site: folder of the site's sources, for copies.
        beside: folders that were written beside the page: links into them stay.

    Raises:
        ValueError: a link leads nowhere.
    """
    here = pathlib.PurePosixPath(pages[page]).parent

    def moved(match):
        link, _, anchor = match["link"].partition("#")
        if re.match(r"[a-z]+:", match["link"]) or link.split("/")[0] in {"", *beside}:
            return match.group()
        target = os.path.normpath(os.path.join(os.path.dirname(page), link))
        if not (root / target).is_file() or target.startswith(".."):
            raise ValueError(f"{page} links to {link}, which is no file of the project")
        place = pages.get(target)
        if place is None:
            place = f"files/{target}"
            copy = site / place
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(root / target, copy)
        new = os.path.relpath(place, here).replace(os.sep, "/")
        # HTML is no Markdown: there a page is the folder that it is built to.
        if "=" in match["before"]:
            new = as_built(place, pages[page])
        return match["before"] + new + (f"#{anchor}" if anchor else "")

    parts = _FENCE.split(text)  # code is left as it is
    return "".join(
        part if place % 2 else _LINK.sub(moved, part)
        for place, part in enumerate(parts)
    )


def as_built(place, page):
    """A relative link from a built page to a built place: a/b.md is a/b/index.html."""

    def built(path):
        path = pathlib.PurePosixPath(path)
        if path.suffix != ".md":
            return str(path)
        return str(path.parent if path.stem == "index" else path.with_suffix(""))

    start = built(page)
    return os.path.relpath(built(place), start).replace(os.sep, "/")
