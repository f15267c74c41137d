"""Keras's convolutions, quicker with tf_gencs on a processor."""

import keras

if __package__.startswith("tf_gencs."):
    from . import tensorflow_convolution
else:  # standing alone, where Keras's own do: other backends' are quick
    tensorflow_convolution = None


@keras.saving.register_keras_serializable(package="tf_gencs")
class Conv2D(keras.layers.Conv2D):
    """`keras.layers.Conv2D` with a quick way back to its input."""

    def convolution_op(self, inputs, kernel):
        if not _quicker(self) or self.groups > 1:
            return super().convolution_op(inputs, kernel)
        kernel = keras.ops.convert_to_tensor(kernel)
        return tensorflow_convolution.convolve(inputs, kernel, self.strides[0])


@keras.saving.register_keras_serializable(package="tf_gencs")
class Conv2DTranspose(keras.layers.Conv2DTranspose):
    """`keras.layers.Conv2DTranspose`, quicker forward and back."""

    def call(self, inputs):
        if not _quicker(self) or self.output_padding is not None:
            return super().call(inputs)
        kernel = keras.ops.convert_to_tensor(self.kernel)
        outputs = tensorflow_convolution.convolve_transposed(
            inputs, kernel, self.strides[0]
        )
        if self.use_bias:
            outputs = keras.ops.add(outputs, self.bias)
        return outputs if self.activation is None else self.activation(outputs)


def _quicker(layer):
    """Whether `tensorflow_convolution` computes what the layer does, and quicker."""
    return (
        tensorflow_convolution is not None
        and tensorflow_convolution.on_processor()
        and layer.padding == "same"
        and layer.data_format == "channels_last"
        and layer.dilation_rate == (1, 1)
        and layer.strides[0] == layer.strides[1] <= min(layer.kernel_size)
    )
