"""Pages of the reference, one for each room, made of its `__all__`."""

import ast
import pathlib


def rooms(root):
    """The rooms of the package that a user sees, in the order of `tf_gencs.__all__`."""
    return _all_of(root / "tf_gencs/__init__.py")


def names(root, room):
    """The public names of a room: its `__all__`, or for a module without its own."""
    package = root / "tf_gencs" / room / "__init__.py"
    module = package if package.exists() else root / f"tf_gencs/{room}.py"
    listed = _all_of(module)
    if listed:
        return listed
    body = ast.parse(module.read_text(encoding="utf-8")).body
    return [
        node.name
        for node in body
        if isinstance(node, (ast.ClassDef, ast.FunctionDef)) and node.name[0] != "_"
    ]


def page(root, room, has_guide):
    """The page of a room: each public name by its docstring."""
    lines = [f"# gencs.{room}", ""]
    if has_guide:
        lines += [f"[What is here, and how to choose](../rooms/{room}.md)", ""]
    for name in names(root, room):
        lines += [f"::: tf_gencs.{room}.{name}", ""]
    return "\n".join(lines)


def _all_of(path):
    """What a file lists in `__all__`, read without running it."""
    for node in ast.parse(pathlib.Path(path).read_text(encoding="utf-8")).body:
        targets = getattr(node, "targets", [])
        if any(getattr(target, "id", None) == "__all__" for target in targets):
            return ast.literal_eval(node.value)
    return []
