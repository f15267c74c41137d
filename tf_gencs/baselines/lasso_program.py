"""Lasso at work for a model that recovers."""

import numpy as np
import tensorflow as tf

from tf_gencs.method import Program


class LassoProgram(Program):
    """Lasso for one structure of A. scikit-learn does the work, outside of graphs."""

    traceable = False

    def __init__(self, method, data, signal_shape):
        super().__init__(method, data)
        self._shape = tuple(signal_shape)

    def derive(self, values):
        ((name, term),) = self.data.terms.items()
        with term.measurement.lend(values[name]):
            rows = np.asarray(term.measurement.to_dense())
        matrix = self.method.analyse(rows.reshape(-1, *self._shape))
        return {"data": super().derive(values), "matrix": matrix}

    def bind(self, y, values):
        return super().bind(y, values["data"])

    def __call__(self, y, own, shared, values):
        (y,) = self.bind(y, values).y.values()
        lasso, matrix = self.method, values["matrix"]
        y = np.asarray(y).astype(np.float64)
        x = lasso.solve(lasso.regressor(len(matrix)), matrix, y, self._shape)
        return {"x": tf.constant(x, self.data.dtype)}
