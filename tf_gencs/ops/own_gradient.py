"""Gradients of one's own for results of core TensorFlow ops.

TensorFlow keeps whatever the gradient of a `tf.custom_gradient` refers to for ever, if
it is called in a graph: with it would stay every traced recovery and its matrix. Here
such a call stands in a function of its own, between arguments: one graph of a few nodes
stays for all calls with the same shapes.
"""

import contextvars
import functools

import tensorflow as tf

# Orders of derivatives with functions that stay. Each has its own: a function that is
# part of its gradient's gradient cannot be loaded from a SavedModel.
_ORDERS = 4
_order = contextvars.ContextVar("tf_gencs_order_of_derivative", default=0)


def own_gradient(gradient):
    """Decorates a gradient; it becomes what ties a result to that gradient.

    Args:
        gradient: function(upstream, *inputs) that returns the gradient of every input,
            or None. It must refer to nothing but its arguments.

    Returns:
        A function(result, *inputs) that returns `result`, whose gradient in the inputs
        is now that one and nothing else. It may be differentiated again, also through
        inputs that were themselves computed.
    """
    ties = [_tie(gradient, order) for order in range(_ORDERS)]

    @functools.wraps(gradient)
    def tied(result, *inputs):
        order = _order.get()
        tie = ties[order] if order < _ORDERS else _tie(gradient, order)
        tensors = [tf.convert_to_tensor(tensor) for tensor in (result, *inputs)]
        specs = [tf.TensorSpec(tensor.shape, tensor.dtype) for tensor in tensors]
        # Called itself, it would warn of the many shapes that it is traced for.
        return tie.get_concrete_function(*specs)(*tensors)

    return tied


def _tie(gradient, order):
    @tf.custom_gradient
    def tie(result, *inputs):
        def of_all(upstream):
            token = _order.set(order + 1)
            try:
                return None, *gradient(upstream, *inputs)
            finally:
                _order.reset(token)

        return tf.identity(result), of_all

    return tf.function(tie, autograph=False)
