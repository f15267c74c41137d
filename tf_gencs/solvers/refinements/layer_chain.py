"""Generators as chains of layers, to be cut between them."""

import keras


def layer_chain(generator):
    """The layers that a generator applies one after the other.

    Args:
        generator: a `keras.Sequential`, or a functional model that is a chain. Models
            inside of it count as one layer.

    Returns:
        A list of layers, without input layers.

    Raises:
        ValueError: the generator is no such chain.
    """
    layers = [
        layer
        for layer in getattr(generator, "layers", [])
        if not isinstance(layer, keras.layers.InputLayer)
    ]
    if isinstance(generator, keras.Sequential) and layers:
        return layers
    if (
        isinstance(generator, keras.models.Model)
        and layers
        and _is_chain(generator, layers)
    ):
        return layers
    raise ValueError(
        "`generator` must be a `keras.Sequential` or a functional model whose layers "
        f"form a chain, to be cut between them. Received: {generator!r}"
    )


def _is_chain(model, layers):
    try:
        tensors = [model.inputs[0], *(layer.output for layer in layers)]
        inputs = [layer.input for layer in layers]
        ends = len(model.inputs) == len(model.outputs) == 1
    except (AttributeError, TypeError, ValueError):
        return False  # not functional, or a layer is used more than once
    followed = all(a is b for a, b in zip(tensors, inputs, strict=False))
    return ends and followed and tensors[-1] is model.outputs[0]
