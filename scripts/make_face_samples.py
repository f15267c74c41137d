"""Makes the face samples that ship with the package.

    python scripts/make_face_samples.py

They are the first faces of the default `gencs.datasets.face_avatars()`.
"""

import pathlib

import numpy as np

from tf_gencs.datasets.avatars.causal_model import DEFAULT_MODEL, draw_people
from tf_gencs.datasets.avatars.rendering import render_faces

_FOLDER = pathlib.Path(__file__).parents[1] / "tf_gencs/datasets"
_STREAMS = {"test": 2, "train": 0}
_TAKEN = 100


def main():
    arrays = {}
    for split, stream in _STREAMS.items():
        people = draw_people(DEFAULT_MODEL, 0, stream, _TAKEN)
        arrays[f"{split}_images"] = np.stack(list(render_faces(people)))
        arrays[f"{split}_labels"] = np.uint8([attributes for attributes, _ in people])
    path = _FOLDER / "face_avatars_samples_data" / "face_avatars_samples.npz"
    path.parent.mkdir(exist_ok=True)
    np.savez_compressed(path, **arrays)
    print(f"{path}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
