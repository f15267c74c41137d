"""Network builders.

They need keras alone, so a network can be trained on any Keras backend and its
weights used here. Imports within the folder are relative: put its parent on the path
and `import networks` where there is no TensorFlow.
"""

from .began import began_discriminator, began_generator
from .dcgan import dcgan_discriminator, dcgan_generator
from .dense import dense_encoder, dense_generator
from .labeler import labeler

__all__ = [
    "began_discriminator",
    "began_generator",
    "dcgan_discriminator",
    "dcgan_generator",
    "dense_encoder",
    "dense_generator",
    "labeler",
]
