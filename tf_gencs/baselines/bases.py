"""Orthonormal bases in which natural signals may be sparse.

To add one, write a class with `analyse` and `synthesise` and list it in `BASES`.
Both work on any number of leading dimensions, so that a basis takes the rows of a
measurement matrix as it takes signals: A x = (A B^T) c for x = B^T c, and row i of
A B^T is `analyse` of row i of A.
"""


class PixelBasis:
    """The signal itself."""

    def analyse(self, x):
        """Coefficients c = B x of signals (..., height, width, channels)."""
        return x

    def synthesise(self, c):
        """Signals x = B^T c of coefficients (..., height, width, channels)."""
        return c


class DCTBasis:
    """The orthonormal two-dimensional DCT-II of each channel.

    Source: Ahmed, Natarajan and Rao, "Discrete cosine transform", 1974.
    """

    def analyse(self, x):
        """Coefficients c = B x of signals (..., height, width, channels)."""
        from scipy import fft

        return fft.dctn(x, axes=(-3, -2), norm="ortho")

    def synthesise(self, c):
        """Signals x = B^T c of coefficients (..., height, width, channels)."""
        from scipy import fft

        return fft.idctn(c, axes=(-3, -2), norm="ortho")


BASES = {"pixel": PixelBasis(), "dct": DCTBasis()}
