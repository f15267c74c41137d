"""Builds the documentation as a site of plain files, with search.

    ./scripts/docs               # into build/site
    ./scripts/docs --serve       # and shows it, on this machine only

Made of the READMEs of the rooms, the docstrings of all public names, and the notebooks.
A link or reference that leads nowhere is an error. Nothing is imported or trained.
"""

import argparse
import functools
import http.server
import os
import pathlib
import shutil
import subprocess
import sys

import yaml
from site_parts import notebook_pages, pages, reference

PARTS = pathlib.Path(__file__).parent / "site_parts"


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--serve", action="store_true", help="show it in a browser")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--output", type=pathlib.Path, help="default: build/site")
    options = parser.parse_args(arguments)
    built = options.output or pages.ROOT / "build/site"
    sources = built.parent / f"{built.name}_sources"
    config = gather(pages.ROOT, sources)
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet"]
    command += ["-f", str(config), "-d", str(built.resolve())]
    # The theme tells of its successor, which is no part of a build.
    done = subprocess.run(command, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"})
    if done.returncode:
        sys.exit(done.returncode)
    print(f"{built}/index.html")
    if options.serve:
        serve(built, options.port)


def gather(root, sources):
    """Writes the sources of the site.

    Args:
        root: folder of the project.
        sources: folder to write, which is emptied first.

    Returns:
        Path of the configuration of mkdocs.
    """
    shutil.rmtree(sources, ignore_errors=True)
    docs = sources / "docs"
    places = pages.page_map(root)
    for page, place in places.items():
        new = docs / place
        new.parent.mkdir(parents=True, exist_ok=True)
        if page.endswith(".ipynb"):
            text = notebook_pages.write_notebook(root / page, new)
            beside = {f"{new.stem}_files"}
        else:
            text, beside = (root / page).read_text(encoding="utf-8"), set()
        new.write_text(
            pages.mended(text, page, places, root, docs, beside), encoding="utf-8"
        )
    (docs / "api").mkdir()
    for room in reference.rooms(root):
        text = reference.page(root, room, f"tf_gencs/{room}/README.md" in places)
        (docs / f"api/{room}.md").write_text(text, encoding="utf-8")
    shutil.copyfile(PARTS / "look.css", docs / "look.css")
    config = yaml.safe_load((PARTS / "mkdocs.yml").read_text(encoding="utf-8"))
    config |= {"docs_dir": str(docs.resolve()), "nav": navigation(root, places)}
    config["plugins"].append({"mkdocstrings": {"handlers": {"python": handler(root)}}})
    path = sources / "mkdocs.yml"
    path.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    return path


def handler(root):
    """How mkdocstrings reads and shows docstrings: without importing anything."""
    return {
        "paths": [str(root)],
        "options": {
            "docstring_style": "google",
            "docstring_section_style": "list",
            "merge_init_into_class": True,
            "docstring_options": {"warnings": False},
            "extensions": [str(PARTS / "docstrings.py")],
            "allow_inspection": False,  # not even of the native library
            "show_root_heading": True,
            "show_root_full_path": False,
            "show_source": False,
            "heading_level": 2,
            "members_order": "source",
            "show_bases": False,
            "inherited_members": False,
            "filters": ["!^_"],
            "show_if_no_docstring": False,
            "separate_signature": True,
        },
    }


def navigation(root, places):
    """The menu: what pages there are, under what names."""
    guides = {
        place.removeprefix("rooms/").removesuffix(".md"): place
        for place in places.values()
        if place.startswith("rooms/")
    }
    learn = [
        {"All": place} if place.endswith("index.md") else place
        for place in sorted(places.values())
        if place.startswith("notebooks/")
    ]
    more = ["figures.md", "contributing.md", "changelog.md"]
    more += sorted(place for place in places.values() if place.startswith("files/"))
    menu = [{"Start": "index.md"}]
    menu += [{"Learn": learn}] if learn else []
    return [
        *menu,
        {"Guides": [{name: place} for name, place in guides.items()]},
        {"Reference": [{room: f"api/{room}.md"} for room in reference.rooms(root)]},
        {"More": more},
    ]


def serve(folder, port):
    """Shows a built site on 127.0.0.1 until Ctrl-C."""
    show = functools.partial(http.server.SimpleHTTPRequestHandler, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", port), show) as server:
        print(f"http://127.0.0.1:{server.server_address[1]}   Ctrl-C ends it")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()


if __name__ == "__main__":
    main()
