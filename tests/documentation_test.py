"""What the documentation names is there, and its code is Python."""

import ast
import pathlib
import pkgutil
import re
import textwrap

ROOT = pathlib.Path(__file__).parents[1]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "scripts/figures/README.md",
    ROOT / "scripts/notebooks/README.md",
    *sorted((ROOT / "tf_gencs").rglob("README.md")),
]


def docstrings():
    """Pairs of a place and its docstring, for all of tf_gencs."""
    documented = ast.Module, ast.ClassDef, ast.FunctionDef
    for path in sorted((ROOT / "tf_gencs").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, documented) and ast.get_docstring(node):
                place = f"{path.relative_to(ROOT)}:{node.body[0].lineno}"
                yield place, ast.get_docstring(node)


def texts():
    yield from ((page.name, page.read_text()) for page in PAGES)
    yield from docstrings()


def is_there(name):
    try:
        pkgutil.resolve_name(re.sub("^gencs", "tf_gencs", name))
    except (ImportError, AttributeError):
        return False
    return True


def test_every_name_of_the_package_resolves():
    names = [
        (place, name)
        for place, text in texts()
        for name in re.findall(r"(?<![\w/])(?:tf_)?gencs(?:\.[A-Za-z_]\w*)+", text)
    ]
    assert len(names) > 100
    dead = [(place, name) for place, name in names if not is_there(name)]
    assert not dead


def test_every_example_is_python():
    examples = [
        (place, code)
        for place, text in texts()
        for code in re.findall(r"^ *```python\n(.*?)^ *```", text, re.M | re.S)
    ]
    assert len(examples) > 20
    for place, code in examples:
        ast.parse(textwrap.dedent(code), filename=place)


def test_every_script_is_there():
    names = {
        (place, name)
        for place, text in texts()
        for name in re.findall(r"(?:\./|`)scripts/([\w/.]*\w)", text)
    }
    assert len(names) > 10
    # NAME stands for any.
    scripts = ROOT / "scripts"
    dead = [
        each for each in names if not any(scripts.glob(each[1].replace("NAME", "*")))
    ]
    assert not dead


def test_every_link_within_the_project_leads_somewhere():
    for page in PAGES:
        text = page.read_text()
        links = re.findall(r"\]\(([^)\s]+)\)|(?:src|href)=\"([^\"]+)\"", text)
        assert links or page != ROOT / "README.md"
        for link in (one or other for one, other in links):
            if not re.match(r"[a-z]+:|#", link):
                target = page.parent / link.partition("#")[0]
                assert target.exists(), f"{page.name}: {link}"


def test_help_shows_the_page_of_a_room():
    rooms = [page.parent.name for page in (ROOT / "tf_gencs").glob("*/README.md")]
    assert len(rooms) >= 8
    for room in rooms:
        page = (ROOT / "tf_gencs" / room / "README.md").read_text()
        assert page in pkgutil.resolve_name(f"tf_gencs.{room}").__doc__, room


def test_readme_stays_a_page_to_read():
    assert len((ROOT / "README.md").read_text().splitlines()) <= 160
