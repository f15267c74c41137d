"""Tests of the face pipeline, its builder and the shipped faces."""

import numpy as np
import pytest

import tf_gencs as gencs

EXAMPLES = {"train": 9, "validation": 2, "test": 4}


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    for package in ("tensorflow_datasets", "python_avatars", "resvg_py"):
        pytest.importorskip(package)
    folder = tmp_path_factory.mktemp("tfds")
    gencs.datasets.face_avatars(data_dir=folder, examples=EXAMPLES)
    return folder


@pytest.fixture
def faces(data_dir):
    def load(split="train", **arguments):
        return gencs.datasets.face_avatars(
            split, data_dir=data_dir, examples=EXAMPLES, download=False, **arguments
        )

    return load


@pytest.mark.parametrize("split", ["train", "test"])
def test_splits_hold_the_shipped_faces_first(faces, split):
    images, attributes = gencs.datasets.face_avatars_samples(split)
    pairs = list(faces(split, labels=True).as_numpy_iterator())
    assert len(pairs) == EXAMPLES[split]
    np.testing.assert_array_equal([x for x, _ in pairs], images[: len(pairs)])
    np.testing.assert_array_equal([a for _, a in pairs], attributes[: len(pairs)])


def test_batches_are_float32_in_the_range(faces):
    dataset = faces(batch_size=4, value_range=(0, 1))
    assert dataset.element_spec.shape == (None, 64, 64, 3)
    batches = list(dataset.as_numpy_iterator())
    assert [len(batch) for batch in batches] == [4, 4, 1]
    images = np.concatenate(batches)
    assert images.dtype == np.float32
    assert images.min() >= 0
    assert images.max() == 1
    shipped, _ = gencs.datasets.face_avatars_samples("train", value_range=(0, 1))
    np.testing.assert_array_equal(images, shipped[:9])


def test_passes_slices_through(faces):
    def load(split):
        return np.stack(list(faces(split).as_numpy_iterator()))

    np.testing.assert_array_equal(load("train[2:4]"), load("train")[2:4])
    assert len(load("train[:3]+test")) == 7


def test_attributes_can_be_picked_by_name(faces):
    names = ("Smiling", "Male")
    picked = [a for _, a in faces(labels=True, attributes=names).as_numpy_iterator()]
    everything = [a for _, a in faces(labels=True).as_numpy_iterator()]
    columns = [gencs.datasets.FACE_ATTRIBUTES.index(name) for name in names]
    np.testing.assert_array_equal(picked, np.array(everything)[:, columns])
    assert np.array(picked).dtype == np.float32


def test_shuffles_alike_for_a_seed(faces):
    def epoch(seed):
        return np.stack(list(faces(shuffle=True, seed=seed).as_numpy_iterator()))

    first = epoch(1)
    np.testing.assert_array_equal(epoch(1), first)
    assert not np.array_equal(epoch(2), first)


def test_other_choices_have_other_folders(data_dir):
    every_face_bald = {**gencs.datasets.FACE_CAUSAL_MODEL, "Bald": ((), {(): 1.0})}
    few = {"train": 3, "validation": 1, "test": 1}
    bald = gencs.datasets.face_avatars(
        data_dir=data_dir, examples=few, causal_model=every_face_bald, labels=True
    )
    attributes = np.array([a for _, a in bald.as_numpy_iterator()])
    place = gencs.datasets.FACE_ATTRIBUTES.index("Bald")
    assert (attributes[:, place] == 1).all()
    folders = [path.name for path in (data_dir / "face_avatars").glob("custom_*")]
    assert len(folders) == 2


def test_the_whole_default_has_the_published_name():
    pytest.importorskip("tensorflow_datasets")
    from tf_gencs.datasets.avatars.builder import SPLITS, config_for

    assert config_for().name == "g1"
    assert config_for(gencs.datasets.FACE_CAUSAL_MODEL, dict(SPLITS), 0).name == "g1"
    assert config_for(seed=1).name != "g1"


def test_download_false_draws_nothing(tmp_path):
    pytest.importorskip("tensorflow_datasets")
    with pytest.raises(FileNotFoundError, match="download=True draws them"):
        gencs.datasets.face_avatars(data_dir=tmp_path, download=False)
    assert not list(tmp_path.glob("**/*.tfrecord*"))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"split": "training"}, ValueError, "`split` must be made of.*'training'"),
        ({"attributes": "Male"}, TypeError, "`attributes` must be a sequence.*'Male'"),
        ({"attributes": ["Beard"]}, ValueError, "`attributes` must be .*'Beard'"),
        ({"attributes": []}, ValueError, "`attributes` must be"),
        ({"causal_model": {}}, ValueError, "`causal_model` must have exactly"),
        ({"examples": {"train": 5}}, ValueError, "`examples` must be a dict"),
        ({"examples": dict(EXAMPLES, test=0)}, ValueError, r"`examples\['test'\]`"),
        ({"drawing_seed": -1}, ValueError, "`drawing_seed` must be.*-1"),
        ({"value_range": (1, 0)}, ValueError, r"`value_range` must be.*\(1, 0\)"),
        ({"value_range": None}, ValueError, "`value_range` must be.*None"),
        ({"labels": "all"}, TypeError, "`labels` must be True or False.*'all'"),
        ({"batch_size": 0}, ValueError, "`batch_size` must be .* at least 1.*: 0"),
    ],
)
def test_refuses_bad_arguments_before_any_work(tmp_path, arguments, error, message):
    pytest.importorskip("tensorflow_datasets")
    with pytest.raises(error, match=message):
        gencs.datasets.face_avatars(data_dir=tmp_path / "new", **arguments)
    assert not (tmp_path / "new").exists()


def test_draws_the_same_person_with_other_attributes():
    for package in ("python_avatars", "resvg_py"):
        pytest.importorskip(package)
    plain, mustache = [0, 1, 0, 0, 0, 0, 0, 0], [0, 1, 0, 1, 0, 0, 0, 0]
    without = gencs.datasets.draw_faces([plain, plain], seed=4)
    with_it = gencs.datasets.draw_faces([mustache, plain], seed=4)
    assert without.shape == (2, 64, 64, 3)
    assert without.dtype == np.float32
    np.testing.assert_array_equal(without[1], with_it[1])
    assert not np.array_equal(without[0], without[1])
    rows, _ = np.nonzero(np.abs(without[0] - with_it[0]).max(axis=-1) > 0)
    assert set(rows) <= set(range(35, 48))  # between nose and mouth
    assert gencs.datasets.draw_faces(np.zeros((0, 8))).shape == (0, 64, 64, 3)


@pytest.mark.parametrize(
    ("attributes", "message"),
    [([0] * 8, r"shape \(batch, 8\).*\(8,\)"), ([[2] * 8], "must hold 0 and 1")],
)
def test_refuses_to_draw_wrong_attributes(attributes, message):
    with pytest.raises(ValueError, match=message):
        gencs.datasets.draw_faces(attributes)


@pytest.mark.parametrize("split", ["test", "train"])
def test_shipped_faces_are_faces(split):
    images, attributes = gencs.datasets.face_avatars_samples(split)
    assert images.shape == (100, 64, 64, 3)
    assert images.dtype == np.float32
    assert -1 <= images.min() < -0.8
    assert images.max() == 1
    assert attributes.shape == (100, 8)
    assert set(np.unique(attributes)) == {0, 1}
    # Old people have light hair: the crown of those who are not bald tells.
    young, bald = (
        attributes[:, gencs.datasets.FACE_ATTRIBUTES.index(name)].astype(bool)
        for name in ("Young", "Bald")
    )
    crown = images[:, 9:12, 30:34].mean(axis=(1, 2, 3))
    assert crown[~young & ~bald].min() > crown[young & ~bald].max()
