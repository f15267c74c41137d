"""Layers that threads may share before they are built."""

import functools
import threading

import keras


class BuiltOnce(keras.layers.Layer):
    """A layer whose `build` runs once, however many threads ask for it at a time.

    Keras makes `build` an attribute of the layer, in `__new__`, and so does this.
    """

    def __new__(cls, *args, **kwargs):
        layer = super().__new__(cls, *args, **kwargs)
        build, lock = layer.build, threading.RLock()

        @functools.wraps(build)
        def build_once(input_shape):
            with lock:
                if not layer.built or layer.signal_shape != _signal_shape(input_shape):
                    build(input_shape)

        layer.build = build_once
        return layer


def _signal_shape(input_shape):
    """The shape that a layer may have been built on already; None if it is no shape."""
    return tuple(input_shape)[1:] if isinstance(input_shape, (list, tuple)) else None
