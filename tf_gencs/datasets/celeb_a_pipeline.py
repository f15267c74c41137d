"""CelebA through tensorflow-datasets, cropped as the GAN papers do."""

import tensorflow as tf

from tf_gencs.datasets import pipeline
from tf_gencs.datasets.attributes import checked_attributes, read_face

__all__ = ["celeb_a"]

_WAY_OUT = (
    "Its publishers' Google Drive often refuses. Get img_align_celeba by hand from "
    "http://mmlab.ie.cuhk.edu.hk/projects/CelebA.html, unpack it and read it by "
    'gencs.datasets.image_folder("img_align_celeba", crop=108); or copy a '
    "tensorflow-datasets directory of CelebA and pass `data_dir`; or train on "
    "gencs.datasets.face_avatars(), which needs no download."
)


def celeb_a(
    split="train",
    *,
    batch_size=None,
    labels=False,
    shuffle=False,
    seed=None,
    data_dir=None,
    download=True,
    value_range=(-1.0, 1.0),
    attributes=None,
    size=(64, 64),
    crop=108,
):
    """Returns CelebA, photographs of faces, as a `tf.data.Dataset`.

    Args:
        split: `"train"` (162,770 images), `"validation"` (19,867), `"test"` (19,962),
            or a slice such as `"test[:64]"`.
        batch_size: images per batch, the last one may have fewer; None for no batches.
        labels: whether the elements are `(image, attributes)` pairs.
        shuffle: whether to shuffle, anew in each epoch. All images of the split are
            kept in memory for that, as JPEG: 1.4 GB for all training images.
        seed: integer that makes the order repeatable.
        data_dir: folder of tensorflow-datasets, by default `$TFDS_DATA_DIR` or
            `~/tensorflow_datasets`.
        download: whether to download (1.4 GB) what is not there.
        value_range: (low, high) of the images.
        attributes: names among CelebA's 40, in the order wanted; None for all of them
            in alphabetical order, which is CelebA's.
        size: (height, width) of the result.
        crop: side of the central square that is taken of the 218 x 178 pixels,
            `"square"` for the largest, or None for all.

    Returns:
        `tf.data.Dataset` of float32 images (*size, 3), averaged over areas, in
        `value_range`; with `labels` each with a float32 vector of 0 and 1.

    Raises:
        ImportError: tensorflow-datasets is not installed.
        FileNotFoundError: CelebA is not there and could not or must not be downloaded.
        TypeError, ValueError: a wrong argument, an unknown split or attribute.

    Example:

    ```python
    photographs = gencs.datasets.celeb_a("train", batch_size=64, shuffle=True, seed=0)
    model.fit(photographs)
    ```

    Sources: Liu, Luo, Wang and Tang, "Deep Learning Face Attributes in the Wild", ICCV
    2015 (for non-commercial research only). Crop: the DCGAN code that CSGM used.
    """
    arguments = {
        "batch_size": batch_size,
        "shuffle": shuffle,
        "seed": seed,
        "labels": labels,
    }
    value_range = pipeline.check_arguments(
        split=split, value_range=value_range, download=download, **arguments
    )
    size = pipeline.checked_size(size)
    crop = pipeline.checked_crop(crop)
    tfds = pipeline.import_tfds()
    builder = tfds.builder("celeb_a", data_dir=pipeline.within(data_dir))
    # The published list is in this order.
    names = checked_attributes(attributes, sorted(builder.info.features["attributes"]))

    def get():
        pipeline.find_out_whether_reachable("https://drive.google.com")
        builder.download_and_prepare()

    builder = pipeline.prepared(builder, download, get, _WAY_OUT)
    # Shuffled as JPEG: decoded, the training images would take 19 GB.
    examples = builder.as_dataset(
        split=split,
        shuffle_files=False,
        decoders={"image": tfds.decode.SkipDecoding()},
    )
    read = read_face(names)

    def decode(example):
        image, label = read(example)
        return tf.io.decode_jpeg(image, channels=3), label

    return pipeline.image_batches(
        examples,
        decode,
        value_range=value_range,
        fit=lambda image: pipeline.fit_image(image, size, crop),
        **arguments,
    )
