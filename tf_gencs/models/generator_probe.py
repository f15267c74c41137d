"""What somebody's generator tells about itself."""

import warnings

import keras
import numpy as np
import tensorflow as tf

from tf_gencs import checks, lookup, pixels


def probe(generator, latent_dim, value_range=None):
    """Sizes and dtype of a generator, from one call: (k, signal_shape, dtype).

    Warns where its pixels are far out of the range that they are said to be in.
    """
    if not isinstance(generator, keras.Layer):
        raise TypeError(
            "`generator` must be a Keras model or layer. "
            f"Received: {lookup.received(generator)}"
        )
    _check_inputs(generator)
    # Functional and Sequential models with an Input know it.
    input_shape = getattr(generator, "input_shape", None)
    told = isinstance(input_shape, tuple) and len(input_shape) == 2
    if latent_dim is None:
        if not told:
            raise ValueError(
                "`latent_dim` must be given for a generator that does not tell its "
                f"input shape (batch, k). Received: {generator!r} with input shape "
                f"{input_shape}"
            )
        latent_dim = input_shape[1]
    latent_dim = checks.integer(latent_dim, "latent_dim")
    if told and input_shape[1] not in (None, latent_dim):
        raise ValueError(
            f"`latent_dim` must be {input_shape[1]} to match the generator's input. "
            f"Received: {latent_dim}"
        )
    z = tf.zeros((2, latent_dim))
    try:
        with tf.GradientTape() as tape:
            tape.watch(z)
            x = generator(z, training=False)
    except Exception as error:
        raise ValueError(
            "`generator` must take latents (batch, `latent_dim`), or has a fault of "
            f"its own. Received: {generator!r}, which on shape (2, {latent_dim}) "
            f"raised {type(error).__name__}: {error}"
        ) from error
    shape = tuple(getattr(x, "shape", ()))
    if len(shape) < 2 or shape[0] != 2 or not tf.as_dtype(x.dtype).is_floating:
        tensor = hasattr(x, "shape") and hasattr(x, "dtype")
        received = f"shape {shape}, {x.dtype}" if tensor else type(x)
        raise ValueError(
            "`generator` must map (batch, k) to one floating-point tensor "
            f"(batch, *signal_shape). Received: {received} for 2 latents"
        )
    _check_gradient(generator, tape, x, z)
    dtype = keras.backend.standardize_dtype(x.dtype)
    x = np.asarray(tf.cast(x, "float64"))
    if not np.isfinite(x).all():
        # Some generators divide by the length of z: only of 0 is that not finite.
        z = np.random.default_rng(0).normal(size=(2, latent_dim)).astype("float32")
        x = np.asarray(tf.cast(generator(z, training=False), "float64"))
        _check_finite(generator, x)
    ends = (float(x.min()), float(x.max())) if x.size else value_range
    low, high = value_range or ends
    if min(ends[0] - low, high - ends[1]) < -pixels.LOOSE * (high - low):
        warnings.warn(
            f"`generator` makes pixels from {ends[0]:g} to {ends[1]:g} of latents that "
            f"are 0, far out of its `value_range` ({low:g}, {high:g}): give the range "
            "that it works in.",
            stacklevel=3,
        )
    return latent_dim, shape[1:], dtype


def _check_inputs(generator):
    """Refuses a functional generator that takes something else than latents."""
    try:
        inputs = keras.tree.flatten(generator.inputs)
    except (AttributeError, ValueError):  # subclassed, or not called yet
        return
    if len(inputs) > 1:
        names = [each.name for each in inputs]
        raise ValueError(
            "`generator` must take latents (batch, k) and nothing else. Received: "
            f"{generator!r} with inputs {names}; fix the others, by "
            "`keras.Model(z, generator([z, constant]))` say, or join them to one z"
        )
    for each in inputs:
        if len(each.shape) != 2:
            sizes = tuple(each.shape[1:])
            raise ValueError(
                "`generator` must take latents of shape (batch, k). Received: "
                f"{generator!r}, which takes {tuple(each.shape)}; "
                f"`keras.layers.Reshape({sizes})` before it, in a `keras.Sequential`, "
                "makes them so"
            )
        if not tf.as_dtype(each.dtype).is_floating:
            _refuse_steps(generator, f"takes {each.dtype}")


def _check_gradient(generator, tape, x, z):
    """Refuses a generator that rounds its latents, as an `Embedding` does."""
    try:
        gradient = tape.gradient(x, z)
    except LookupError:  # an op of it has none
        gradient = None
    if gradient is None:
        _refuse_steps(generator, "has no gradient in its latents")


def _refuse_steps(generator, received):
    raise ValueError(
        "`generator` must take latents of floating-point numbers, along whose gradient "
        "a search goes: whole numbers, as a `keras.layers.Embedding` takes them, have "
        "none, what it makes of them may be the latents. "
        f"Received: {generator!r}, which {received}"
    )


def _check_finite(generator, x):
    if np.isfinite(x).all():
        return
    count = sum(
        np.count_nonzero(~np.isfinite(np.asarray(tf.cast(weight, "float64"))))
        for weight in generator.weights
    )
    fault = f"{count} NaN or infinite weights" if count else "all its weights finite"
    raise ValueError(
        "`generator` must make finite signals. Received: "
        f"{generator!r}, which has {fault} and makes NaN or infinity: if it was "
        "trained, go back to weights from before they were lost"
    )


def probe_encoder(encoder, latent_dim, signal_shape):
    """Refuses an encoder that does not map signals to [mean, log variance] of z."""
    rule = (
        f"`encoder` must map signals (batch, {', '.join(map(str, signal_shape))}) to "
        f"[mean, log variance] of latents, (batch, {latent_dim}) each. Received: "
        f"{encoder!r}, which"
    )
    x = np.zeros((2, *signal_shape), "float32")
    try:
        found = encoder(x, training=False)
    except Exception as error:
        raise ValueError(
            f"{rule} on shape {x.shape} raised {type(error).__name__}: {error}"
        ) from error
    parts = found if isinstance(found, (list, tuple)) else [found]
    shapes = [tuple(getattr(part, "shape", ())) for part in parts]
    if shapes != [(2, latent_dim)] * 2:
        raise ValueError(f"{rule} gave shapes {shapes} for 2 signals")
