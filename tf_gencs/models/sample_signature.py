"""`sample` of causal models of images, as an export answers it."""

import numpy as np
import tensorflow as tf

from tf_gencs import seeds
from tf_gencs.serving import Signature


def sample_signature(model):
    """Images of labels under `do` and `given`, each from its own seed.

    Inputs are "seed", int64 (batch,), and "do" and "given", int32 (batch, nodes): a
    state of each of the controller's nodes, in their order, or -1 where nothing is done
    or asked. Outputs are "x", "labels", int32 (batch, nodes), and "accepted": whether
    `given` came in 4,096 draws. If it did not, labels are -1 and x is NaN.

    Args:
        model: with `CausalImages`.

    Returns:
        `gencs.serving.Signature`.
    """
    nodes = len(model.controller.graph.nodes)

    def function(inputs):
        z_spec = tf.TensorSpec([model.latent_dim], model.recovery_dtype)
        z, labels, accepted = tf.map_fn(
            lambda row: _latents(model, *row),
            (inputs["seed"], inputs["do"], inputs["given"]),
            fn_output_signature=(
                z_spec,
                tf.TensorSpec([nodes], tf.int32),
                tf.TensorSpec([], tf.bool),
            ),
        )
        x = tf.cast(model.generator(z, training=False), model.recovery_dtype)
        shown = tf.reshape(accepted, [-1] + [1] * len(model.signal_shape))
        x = tf.where(shown, x, float("nan"))
        return {"x": x, "labels": labels, "accepted": accepted}

    def example(count, seed):
        free = np.full((count, nodes), -1, "int32")
        set_ = free.copy()
        set_[0, 0] = 1
        inputs = {"seed": seeds.of_signals(seed, count), "do": set_, "given": free}
        return inputs, function({name: tf.constant(i) for name, i in inputs.items()})

    inputs = {
        "seed": tf.TensorSpec([None], tf.int64, "seed"),
        "do": tf.TensorSpec([None, nodes], tf.int32, "do"),
        "given": tf.TensorSpec([None, nodes], tf.int32, "given"),
    }
    return Signature(function, inputs, example)


def _latents(model, seed, do, given):
    stream = seeds.stream(seed, "controller sample")
    labels, accepted = model.controller.draw_where(stream, do, given)
    dtype = model.recovery_dtype
    noise = model.latent_prior.sample((model.noise_dim,), seed, "generate", dtype)
    columns = model.columns.of_states(tf.maximum(labels, 0)[None])
    logits = tf.cast(model.columns.logits_of(columns)[0], dtype)
    return tf.concat([noise, logits], axis=0), labels, accepted
