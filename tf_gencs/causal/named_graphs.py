"""Graphs of attributes of faces, named as in CelebA.

Source: Kocaoglu, Snyder, Dimakis and Vishwanath, "CausalGAN", ICLR 2018, and its code,
github.com/mkocaoglu/CausalGAN, which has more of them.
"""

from tf_gencs.causal.graph import CausalGraph

_BY_BOTH = ("Male", "Young")

_G1 = CausalGraph(
    {
        "Young": (),
        "Male": (),
        "Eyeglasses": ("Young",),
        "Bald": _BY_BOTH,
        "Mustache": _BY_BOTH,
        "Smiling": _BY_BOTH,
        "Wearing_Lipstick": _BY_BOTH,
        "Mouth_Slightly_Open": ("Young", "Smiling"),
        "Narrow_Eyes": ("Male", "Young", "Smiling"),
    }
)

_SMALL = CausalGraph(
    {
        "Young": (),
        "Male": (),
        "Mustache": _BY_BOTH,
        "Smiling": _BY_BOTH,
        "Wearing_Lipstick": _BY_BOTH,
        "Mouth_Slightly_Open": ("Male", "Young", "Smiling"),
        "Narrow_Eyes": ("Male", "Young", "Smiling"),
    }
)

_MINIMAL = ("Young", "Male", "Mustache", "Wearing_Lipstick", "Smiling")

NAMED_GRAPHS = {
    "G1": _G1,
    "G1_complete": _G1.complete(_G1.nodes),
    "G1_reverse_complete": _G1.complete(_G1.nodes[::-1]),
    "small": _SMALL,
    "complete_minimal": CausalGraph(nodes=_MINIMAL).complete(_MINIMAL),
    "male_causes_mustache": CausalGraph([("Male", "Mustache")]),
    "mustache_causes_male": CausalGraph(
        [("Mustache", "Male")], nodes=("Male", "Mustache")
    ),
}
"""Dict from names to `CausalGraph`s."""


def named_graph(name):
    """A graph of the CausalGAN paper and its code.

    Args:
        name: a key of `gencs.causal.NAMED_GRAPHS`: "G1" has 9 attributes of faces.

    Returns:
        `CausalGraph`.

    Raises:
        ValueError: another name.

    Example:

    ```python
    graph = gencs.causal.named_graph(next(iter(gencs.causal.NAMED_GRAPHS)))
    graph.nodes
    ```
    """
    if name not in NAMED_GRAPHS:
        raise ValueError(
            f"`name` must be one of {list(NAMED_GRAPHS)}. Received: {name!r}"
        )
    return NAMED_GRAPHS[name]
