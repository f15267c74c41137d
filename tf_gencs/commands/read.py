"""Reads measurements and signals: .npy, .npz, images, the standard input."""

import io
import pathlib
import sys

IMAGES = (".png", ".jpg", ".jpeg", ".bmp", ".gif")


def check(arguments):
    """Refuses files of y or of signals that are not there, before any work."""
    if arguments.y not in (None, "-"):
        there(arguments.y, "--y")
    for name in arguments.measure or ():
        if not (path := pathlib.Path(name).expanduser()).exists():
            raise FileNotFoundError(f"--measure must name files. Received: {path}")


def measurements(name, argument="--y"):
    """y of a .npy file, of the array `y` of a .npz file, or of the standard input."""
    import numpy as np

    if name == "-":
        source, shown = io.BytesIO(sys.stdin.buffer.read()), "the standard input"
    else:
        source = shown = there(name, argument)
    try:
        loaded = np.load(source, allow_pickle=False)
        if hasattr(loaded, "files"):
            if "y" not in loaded.files:
                raise ValueError(f"it has no array y, but {loaded.files}")
            loaded = loaded["y"]
    except (EOFError, OSError, ValueError) as error:
        raise ValueError(
            f"{argument} must be NumPy's .npy or .npz. Received: {shown}: {error}"
        ) from error
    return loaded[None] if loaded.ndim == 1 else loaded


def signals(names, model, resize):
    """Signals of .npy files, images, and folders of images: (count, *signal_shape).

    Images are turned into the model's number of channels and its value range.
    """
    import numpy as np

    found = []
    for name in names:
        path = pathlib.Path(name).expanduser()
        if path.is_dir():
            inside = sorted(p for p in path.iterdir() if p.suffix.lower() in IMAGES)
            if not inside:
                raise FileNotFoundError(
                    f"--measure must name images {IMAGES}. Received: {name}, which "
                    "holds none"
                )
            found += [_image(each, model, resize)[None] for each in inside]
        elif path.suffix.lower() in IMAGES:
            found.append(_image(path, model, resize)[None])
        else:
            array = measurements(name, "--measure")
            if array.shape == model.signal_shape:
                array = array[None]
            found.append(array)
    shapes = {array.shape[1:] for array in found}
    if shapes != {tuple(model.signal_shape)}:
        raise ValueError(
            f"--measure must name signals of shape {model.signal_shape}. "
            f"Received: {sorted(shapes)}"
        )
    return np.concatenate(found).astype(model.recovery_dtype)


def _image(path, model, resize):
    import numpy as np
    import tensorflow as tf

    if model.value_range is None or len(model.signal_shape) != 3:
        raise ValueError(
            "--measure must be a .npy file for a model whose signals are no images "
            f"with a value range. Received: {path}"
        )
    try:
        image = tf.io.decode_image(path.read_bytes(), expand_animations=False).numpy()
    except tf.errors.OpError as error:
        raise ValueError(
            f"--measure must name images {IMAGES}. Received: {path}, which cannot be "
            "read as one"
        ) from error
    height, width, channels = model.signal_shape
    image = _channels(image, channels, path).astype("float64")
    if image.shape[:2] != (height, width):
        if not resize:
            raise ValueError(
                f"--measure must name images of {height} x {width} pixels, or come "
                f"with --resize. Received: {path} of {image.shape[0]} x "
                f"{image.shape[1]}"
            )
        image = _fitted(image, height, width)
    low, high = model.value_range
    return low + (high - low) * np.clip(image / 255, 0, 1)


def _channels(image, channels, path):
    """Grey to colours or back; opacity is left out."""
    import numpy as np

    if image.shape[-1] in (2, 4) and image.shape[-1] != channels:
        image = image[..., :-1]
    if image.shape[-1] == channels:
        return image
    if channels == 1:
        return image @ np.array([[0.299], [0.587], [0.114]])
    if image.shape[-1] == 1 and channels == 3:
        return np.repeat(image, 3, axis=-1)
    raise ValueError(
        f"--measure must name images of {channels} channels. Received: {path} with "
        f"{image.shape[-1]}"
    )


def _fitted(image, height, width):
    """The middle of an image in the right proportions, made larger or smaller."""
    import tensorflow as tf

    have_height, have_width = image.shape[:2]
    share = min(have_height / height, have_width / width)
    middle = tf.image.resize_with_crop_or_pad(
        image, max(1, round(height * share)), max(1, round(width * share))
    )
    return tf.image.resize(middle, (height, width), antialias=True).numpy()


def there(name, argument):
    """The path of a file that is there; `argument` names it in messages."""
    path = pathlib.Path(name).expanduser()
    if not path.is_file():
        raise FileNotFoundError(f"{argument} must be a file. Received: {name}")
    return path
