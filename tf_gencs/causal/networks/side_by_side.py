"""Many small dense networks of one shape, computed as one."""

import itertools

import keras


@keras.saving.register_keras_serializable(package="tf_gencs")
class SideBySide(keras.layers.Layer):
    """Dense networks that share nothing but their sizes: one for each node, or critic.

    One product of stacked matrices takes the place of many small ones, so a step of
    training costs about the same for 5 nodes as for 1.

    Args:
        count: how many networks.
        inputs: numbers that each takes.
        hidden: widths of the hidden layers.
        outputs: numbers that each gives, linear.
        seed: of the initial weights (Glorot, uniform); None for Keras's own.
        activation: of the hidden layers, a name or function; None for leaky ReLU of
            slope 0.2.
        **kwargs: as for `keras.layers.Layer`.

    Inputs: (count, batch, inputs). Outputs: (count, batch, outputs).
    """

    def __init__(
        self, count, inputs, hidden, outputs, seed=None, activation=None, **kwargs
    ):
        super().__init__(**kwargs)
        self.count, self.inputs, self.outputs = count, inputs, outputs
        self.hidden, self.seed = tuple(hidden), seed
        self.activation = (
            _leaky_relu if activation is None else keras.activations.get(activation)
        )
        sizes = [inputs, *self.hidden, outputs]
        self.kernels, self.biases = [], []
        for i, (before, after) in enumerate(itertools.pairwise(sizes)):
            limit = (6 / (before + after)) ** 0.5
            initial = keras.initializers.RandomUniform(
                -limit, limit, seed=None if seed is None else seed + i
            )
            kernel = (count, before, after)
            self.kernels.append(self.add_weight(kernel, initial, name=f"kernel_{i}"))
            bias = (count, 1, after)
            self.biases.append(self.add_weight(bias, "zeros", name=f"bias_{i}"))
        self.built = True

    def call(self, h, only=None):
        """Applies the networks.

        Args:
            h: tensor (count, batch, inputs).
            only: list of places of the networks to apply, or None for all; `h` then
                holds inputs for those alone.
        """
        last = len(self.kernels) - 1
        for i, pair in enumerate(zip(self.kernels, self.biases, strict=True)):
            kernel, bias = map(keras.ops.convert_to_tensor, pair)
            if only is not None:
                kernel, bias = (keras.ops.take(w, only, axis=0) for w in (kernel, bias))
            h = keras.ops.matmul(h, kernel) + bias
            if i < last:
                h = self.activation(h)
        return h

    def compute_output_shape(self, shape):
        return (*shape[:-1], self.outputs)

    def get_config(self):
        return {
            **super().get_config(),
            "count": self.count,
            "inputs": self.inputs,
            "hidden": list(self.hidden),
            "outputs": self.outputs,
            "seed": self.seed,
            "activation": (
                None
                if self.activation is _leaky_relu
                else keras.activations.serialize(self.activation)
            ),
        }


def _leaky_relu(x):
    return keras.ops.leaky_relu(x, 0.2)
