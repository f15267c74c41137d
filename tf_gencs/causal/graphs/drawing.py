"""A causal graph as text and as a picture."""

import pathlib

_INCHES = 1.6  # from one layer of nodes to the next, and between neighbours


def as_text(graph):
    """One line for each node, causes before effects."""
    width = max(map(len, graph.nodes), default=0)
    lines = []
    for name in graph.order:
        causes = ", ".join(graph.parents(name))
        shared = ", ".join(graph.confounded_with(name))
        line = f"{name:<{width}}" + (f" <- {causes}" if causes else "")
        lines.append(line + (f"   <-> {shared}" if shared else ""))
    return "\n".join(line.rstrip() for line in lines)


def draw(graph, path, highlight=()):
    """Writes a picture; see `CausalGraph.draw`."""
    path = pathlib.Path(path)
    if path.suffix not in (".png", ".svg"):
        raise ValueError(f"`path` must end in .png or .svg. Received: {str(path)!r}")
    for name in highlight:
        graph.check_name(name, "highlight")
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError(
            'Drawing a graph needs matplotlib: `pip install "tf_gencs[figures]"` or '
            "`pip install matplotlib`. `graph.text()` needs nothing."
        ) from error
    places = positions(graph)
    columns = 1 + max((abs(x) for x, _ in places.values()), default=0)
    rows = 1 + max((-y for _, y in places.values()), default=0)
    figure = Figure(figsize=(_INCHES * 2 * columns, _INCHES * rows))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set_xlim(-columns, columns)
    axes.set_ylim(-rows + 0.5, 0.5)

    boxes = {}
    for name, (x, y) in places.items():
        colour = "#ffd9a0" if name in highlight else "#e8eef7"
        box = {"boxstyle": "round,pad=0.35", "facecolor": colour, "edgecolor": "0.35"}
        text = name.replace("_", "\n")
        text = axes.text(x, y, text, ha="center", va="center", fontsize=10, bbox=box)
        boxes[name] = text.get_bbox_patch()
    figure.draw_without_rendering()  # Boxes have their sizes then.

    def arrow(start, end, style, bend, line):
        arguments = {
            "arrowstyle": style,
            "linestyle": line,
            "color": "0.35",
            "connectionstyle": f"arc3,rad={bend}",
            "patchA": boxes[start],
            "patchB": boxes[end],
            "shrinkA": 1,
            "shrinkB": 1,
        }
        axes.annotate("", places[end], places[start], arrowprops=arguments)

    for cause, effect in graph.edges:
        skipped = abs(places[cause][1] - places[effect][1]) > 1
        arrow(cause, effect, "-|>", 0.15 if skipped else 0.0, "-")
    for one, other in graph.bidirected:
        arrow(one, other, "<|-|>", 0.35, "--")
    figure.savefig(path, dpi=100)
    return path


def positions(graph):
    """Where each node stands: a layer below the last of its parents, (x, y)."""
    layers = {}
    for name in graph.order:
        above = [layers[parent] for parent in graph.parents(name)]
        layers[name] = 1 + max(above, default=-1)
    places = {}
    for layer in sorted(set(layers.values())):
        names = [name for name in graph.order if layers[name] == layer]

        def middle(name):
            xs = [places[parent][0] for parent in graph.parents(name)]
            return sum(xs) / len(xs) if xs else 0.0

        names.sort(key=middle)
        shift = 0.25 * (layer % 2)  # so that fewer nodes hide edges of others
        for i, name in enumerate(names):
            places[name] = (1.3 * (i - (len(names) - 1) / 2) + shift, -float(layer))
    return places
