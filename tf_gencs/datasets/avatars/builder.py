"""The tensorflow-datasets builder of `face_avatars`, which draws its data itself.

Import this module only where tensorflow-datasets is needed; it is slow to import. With
it, `tfds.load("face_avatars")` works too.
"""

import dataclasses
import hashlib
import json

import numpy as np
import tensorflow_datasets as tfds

from tf_gencs import checks, seeds
from tf_gencs.datasets.avatars.causal_model import (
    DEFAULT_MODEL,
    check_model,
    draw_people,
)
from tf_gencs.datasets.avatars.drawing import ATTRIBUTES
from tf_gencs.datasets.avatars.rendering import (
    SIZE,
    import_drawing_packages,
    render_faces,
)

SPLITS = {"train": 12_000, "validation": 1_000, "test": 1_000}

_CITATION = """\
@inproceedings{kocaoglu2018causalgan,
  title={Causal{GAN}: Learning Causal Implicit Generative Models with Adversarial
         Training},
  author={Kocaoglu, Murat and Snyder, Christopher and Dimakis, Alexandros G. and
          Vishwanath, Sriram},
  booktitle={International Conference on Learning Representations},
  year={2018}
}"""


@dataclasses.dataclass(eq=False)
class FaceAvatarsConfig(tfds.core.BuilderConfig):
    """Who is drawn, and how many.

    Attributes:
        name: names the folder of the data; `config_for` makes one that fits.
        causal_model: see `causal_model.check_model`.
        examples: dict from split to its number of images.
        seed: seed of everything.
    """

    causal_model: dict = dataclasses.field(default_factory=lambda: DEFAULT_MODEL)
    examples: dict = dataclasses.field(default_factory=lambda: dict(SPLITS))
    seed: int = 0


_G1 = FaceAvatarsConfig(name="g1")


def config_for(causal_model=None, examples=None, seed=0):
    """The config of given choices, named so that different data never mix.

    Raises:
        TypeError, ValueError: wrong ones.
    """
    model = check_model(DEFAULT_MODEL if causal_model is None else causal_model)
    seed = seeds.resolve(0 if seed is None else seed, "drawing_seed")
    examples = SPLITS if examples is None else examples
    if not isinstance(examples, dict) or set(examples) != set(SPLITS):
        raise ValueError(
            f"`examples` must be a dict with the keys {list(SPLITS)}. "
            f"Received: {examples!r}"
        )
    examples = {
        split: checks.integer(examples[split], f"examples[{split!r}]")
        for split in SPLITS
    }
    if (model, examples, seed) == (check_model(DEFAULT_MODEL), SPLITS, 0):
        return _G1
    tables = [[parents, sorted(table.items())] for parents, table in model.values()]
    content = [list(model), tables, examples, seed]
    digest = hashlib.sha256(json.dumps(content).encode()).hexdigest()
    return FaceAvatarsConfig(
        name=f"custom_{digest[:12]}", causal_model=model, examples=examples, seed=seed
    )


class FaceAvatars(tfds.core.GeneratorBasedBuilder):
    """Cartoon faces, 64 x 64 x 3, with eight attributes drawn from a causal model."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "python-avatars 1.4, 64 x 64 pixels."}  # noqa: RUF012
    BUILDER_CONFIGS = [_G1]  # noqa: RUF012

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            description=self.__doc__,
            features=tfds.features.FeaturesDict(
                {
                    "image": tfds.features.Image(
                        shape=(SIZE, SIZE, 3), encoding_format="png"
                    ),
                    "attributes": dict.fromkeys(ATTRIBUTES, np.bool_),
                }
            ),
            homepage="https://github.com/ibonn/python_avatars",
            license=(
                "The drawings are by python_avatars (MIT licence, copyright 2021 "
                'Ibon), after "Avataaars" by Pablo Stanley (free for personal and '
                "commercial use)."
            ),
            citation=_CITATION,
            # The first images of a split stay the first, whatever its size.
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager):
        del dl_manager  # Nothing to download.
        import_drawing_packages()
        config = self.builder_config
        return {
            split: self._generate_examples(stream, config.examples[split])
            for stream, split in enumerate(SPLITS)
        }

    def _generate_examples(self, stream, count):
        config = self.builder_config
        people = draw_people(config.causal_model, config.seed, stream, count)
        for index, image in enumerate(render_faces(people)):
            values = map(bool, people[index][0])
            attributes = dict(zip(ATTRIBUTES, values, strict=True))
            yield index, {"image": image, "attributes": attributes}
