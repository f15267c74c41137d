"""What imports what, held to the table of CONTRIBUTING.md; and files stay short."""

import ast
import pathlib
import re
from typing import NamedTuple

import pytest

ROOT = pathlib.Path(__file__).parents[1]
FILES = sorted(path.relative_to(ROOT) for path in (ROOT / "tf_gencs").rglob("*.py"))

# A measurement is the ground of the algebra, and its operators +, @ ... make algebra.
MEASUREMENT_AND_ALGEBRA = (
    "tf_gencs/layers/measurement.py",
    "tf_gencs/layers/support/matrix_view.py",
    "tf_gencs/layers/algebra",
)
CIRCLES = {MEASUREMENT_AND_ALGEBRA}

LONGEST = 300


class Row(NamedTuple):
    """A row of the table: where it is about, and what may be imported there."""

    places: tuple
    allowed: tuple
    rule: str
    for_all: bool


def table():
    """The rows about tf_gencs; "all below" is spelled out."""
    text = (ROOT / "CONTRIBUTING.md").read_text()
    section = text.partition("## Where things are")[2].partition("\n## ")[0]
    rows = []
    for line in reversed(section.splitlines()):
        cells = [cell.strip() for cell in line.strip("| ").split(" | ")]
        places = re.findall(r"`([\w/.]+)`", cells[0])
        if len(cells) == 3 and places and places[0].startswith("tf_gencs/"):
            places = [places[0], *(f"tf_gencs/{name}" for name in places[1:])]
            allowed = [f"tf_gencs/{name}" for name in re.findall(r"`(.*?)`", cells[2])]
            if cells[2].startswith("all below"):
                allowed = [place for row in rows for place in row.places]
            for_all = cells[2].endswith("for all")
            rows.append(Row(tuple(places), tuple(allowed), cells[2], for_all))
    return rows


def within(path, places):
    return any(path == place or path.startswith(f"{place}/") for place in places)


def room(path, rows):
    """The row of a file: the one that names it most closely."""
    found = [
        (len(place), row)
        for row in rows
        for place in row.places
        if within(path, [place])
    ]
    assert found, f"{path} has no row in CONTRIBUTING.md, 'Where things are'"
    return max(found, key=lambda pair: pair[0])[1]


def imports(path, source):
    """Pairs of a line and the file of tf_gencs imported there, in functions too."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [(alias.name, None) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            here = pathlib.Path(path).parts[: -node.level] if node.level else ()
            base = ".".join([*here, *(node.module or "").split(".")]).strip(".")
            names = [(base, alias.name) for alias in node.names]
        else:
            continue
        for base, name in names:
            if base.split(".")[0] == "tf_gencs":
                yield node.lineno, file_of(base.replace(".", "/"), name)


def file_of(folder, name):
    for path in (f"{folder}/{name}.py", f"{folder}/{name}/__init__.py", f"{folder}.py"):
        if (ROOT / path).exists():
            return path
    return f"{folder}/__init__.py"


def broken_rules(path, source, rows):
    own = room(path, rows)
    for line, target in imports(path, source):
        other = room(target, rows)
        if not (
            other is own or other.for_all or within(target, own.places + own.allowed)
        ):
            yield f"{path}:{line} imports {target}. `{own.places[0]}` may: {own.rule}"


def test_imports_keep_to_the_table():
    rows = table()
    broken = [
        message
        for path in map(str, FILES)
        for message in broken_rules(path, (ROOT / path).read_text(), rows)
    ]
    assert not broken, "\n".join(broken)


def test_every_place_in_the_table_exists():
    for row in table():
        for place in row.places:
            assert (ROOT / place).exists(), f"{place} is in CONTRIBUTING.md and nowhere"


@pytest.mark.parametrize(
    "source",
    [
        "from tf_gencs import models",
        "import tf_gencs.models.vae",
        "def late():\n    from tf_gencs.models.vae import VAE",
        "from ..models import vae",
    ],
)
def test_a_solver_that_knew_a_model_would_be_named_with_line_and_rule(source):
    (message,) = broken_rules("tf_gencs/solvers/new.py", source, table())
    line = source.count("\n") + 1
    assert message.startswith(f"tf_gencs/solvers/new.py:{line} imports tf_gencs/models")
    assert "`tf_gencs/solvers` may: `" in message


def test_nothing_imports_itself_by_a_detour():
    graph = {
        path: {target for _, target in imports(path, (ROOT / path).read_text())}
        for path in map(str, FILES)
    }

    def reached(path):
        found, ahead = set(), [path]
        while ahead:
            new = graph[ahead.pop()] - found
            found |= new
            ahead += new
        return found

    reach = {path: reached(path) for path in graph}
    circles = {
        tuple(sorted(other for other in reach[path] if path in reach[other]))
        for path in graph
        if path in reach[path]
    }
    found = {
        next(
            (known for known in CIRCLES if all(within(p, known) for p in circle)),
            circle,
        )
        for circle in circles
    }
    assert found == CIRCLES


def test_a_file_is_one_idea():
    lengths = {str(path): len((ROOT / path).read_text().splitlines()) for path in FILES}
    assert not {path for path, lines in lengths.items() if lines > LONGEST}
