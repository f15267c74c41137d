"""The site of the documentation: what it is made of, and that it builds."""

import pathlib
import re
import subprocess
import sys

import pytest

import tf_gencs as gencs

ROOT = pathlib.Path(__file__).parents[2]
SCRIPTS = ROOT / "scripts"


@pytest.fixture
def part(script):
    """Modules of the site by name."""
    return lambda name: script(f"site_parts.{name}")


@pytest.fixture
def project(tmp_path):
    """A folder with a page, a picture and a file."""
    for name in ("README.md", "tf_gencs/layers/README.md", "scripts/x.png", "LICENSE"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("text")
    return tmp_path


def test_links_to_pages_pictures_and_files_lead_into_the_site(part, project):
    pages = part("pages")
    text = "[a](../../README.md#b) ![p](../../scripts/x.png) `[no](link)` <img src="
    text += '"../../scripts/x.png"> [l](../../LICENSE) [out](https://example.org)'
    where = pages.page_map(project)
    site = project / "site"
    mended = pages.mended(text, "tf_gencs/layers/README.md", where, project, site)
    assert "[a](../index.md#b)" in mended
    assert "![p](../files/scripts/x.png)" in mended
    assert "`[no](link)`" in mended
    assert '<img src="../../files/scripts/x.png">' in mended
    assert "[out](https://example.org)" in mended
    assert (site / "files/scripts/x.png").read_text() == "text"
    assert (site / "files/LICENSE").exists()


@pytest.mark.parametrize("link", ["gone.md", "../gone.png", "../../../outside"])
def test_a_link_that_leads_nowhere_is_refused(part, project, link):
    pages = part("pages")
    where = pages.page_map(project)
    with pytest.raises(ValueError, match="no file of the project"):
        pages.mended(f"[x]({link})", "README.md", where, project, project / "site")


def test_the_reference_has_every_public_name(part):
    reference = part("reference")
    assert reference.rooms(ROOT) == gencs.__all__
    for room in gencs.__all__:
        page = reference.page(ROOT, room, has_guide=False)
        shown = re.findall(rf"::: tf_gencs\.{room}\.(\w+)", page)
        module = getattr(gencs, room)
        assert shown, room
        assert shown == list(getattr(module, "__all__", shown))
        assert all(hasattr(module, name) for name in shown)


def test_what_is_a_star_or_a_tag_in_a_docstring_stays_one(part):
    griffe = pytest.importorskip("griffe", reason="extra `docs` is not installed")
    assert griffe
    text = "y (batch, *shape), <x> and `*code` stay\n\n```python\nf(*a, [1])\n```"
    escaped = part("docstrings").escaped(text)
    assert escaped.startswith(r"y (batch, \*shape), \<x> and `*code` stay")
    assert "f(*a, [1])" in escaped


def test_math_of_notebooks_is_drawn_by_the_browser(part):
    pytest.importorskip("latex2mathml", reason="extra `docs` is not installed")
    drawn = part("notebook_pages").with_mathml("cost $x^2$ and `$code$`, $$y = z$$")
    assert "<msup>" in drawn
    assert "`$code$`" in drawn
    assert 'display="block"' in drawn


@pytest.mark.slow
def test_the_site_builds_strictly_and_fetches_nothing(tmp_path):
    for module in ("mkdocs", "mkdocstrings", "latex2mathml", "nbconvert"):
        pytest.importorskip(module, reason="extra `docs` is not installed")
    site = tmp_path / "site"
    command = [sys.executable, "docs.py", "--output", str(site)]
    done = subprocess.run(command, cwd=SCRIPTS, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    pages = list(site.rglob("*.html"))
    assert len(pages) > 25
    assert (site / "search/search_index.json").stat().st_size > 100_000
    fetched, dead = set(), set()
    for page in pages:
        text = page.read_text(encoding="utf-8")
        needed = r"<(?:script|img|link)[^>]*(?:src|href)=\"(http[^\"]+)"
        fetched |= set(re.findall(needed, text))
        for link in re.findall(r"(?:src|href)=\"([^\"#?]+)", text):
            if not re.match(r"[a-z]+:|/", link) and not (page.parent / link).exists():
                dead.add((str(page.relative_to(site)), link))
    assert not fetched
    assert not {each for each in dead if not each[0].startswith("404")}
