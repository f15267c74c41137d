"""Numbers that an export keeps as variables, beside its graph and not in it."""

import zlib

import numpy as np
import tensorflow as tf


class Stored:
    """Variables in the place of tensors; equal ones are kept once.

    A graph with a matrix of A in it could not be read, and what follows from A holds
    the same matrix several times.

    Attributes:
        variables: list of `tf.Variable`.
    """

    def __init__(self):
        self.variables = []
        self._known = {}

    def keep(self, nest):
        """The same nest with variables for tensors."""
        return tf.nest.map_structure(self._variable, nest)

    def _variable(self, tensor):
        array = np.asarray(tensor)
        bits = np.ascontiguousarray(array)
        key = array.dtype.str, array.shape, zlib.crc32(bits)
        for variable in self._known.get(key, ()):
            if variable.numpy().tobytes() == bits.tobytes():
                return variable
        with tf.device("CPU:0"):
            variable = tf.Variable(array, trainable=False, name="stored")
        self._known.setdefault(key, []).append(variable)
        self.variables.append(variable)
        return variable


def read(nest):
    """The tensors that variables hold; within a graph, when it runs."""
    return tf.nest.map_structure(lambda variable: variable.read_value(), nest)
