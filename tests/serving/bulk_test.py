"""Bulk recovery without Apache Beam: plans, shards, restarts, dead letters."""

import json
import os
import resource

import numpy as np
import pytest
import tensorflow as tf

from tests.serving.bulk_files import (
    example,
    planned,
    read_answers,
    run,
    write_records,
)
from tests.serving.exports import ROUNDING, ask
from tf_gencs.serving.bulk import outcome, places
from tf_gencs.serving.bulk.pipeline_errors import cause
from tf_gencs.serving.bulk.start import Asked

pytestmark = pytest.mark.long  # they ask an export, which is traced for seconds


@pytest.fixture
def y(exported):
    return np.asarray(exported.A(exported.model.generate(10, seed=3)))


def letters(output):
    lines = output.with_name(f"{output.name}-dead-letters.jsonl").read_text()
    return [json.loads(line) for line in lines.splitlines()]


def test_every_record_is_answered_as_the_export_answers_it(exported, tmp_path, y):
    seeds = np.arange(10) + 5
    records = [example(y=y[i], seed=[seeds[i]], id=f"n{i}") for i in range(10)]
    write_records(tmp_path / "0.in", records[:7])
    write_records(tmp_path / "1.in", records[7:])
    plan, output = planned(exported, tmp_path)
    assert [(s.start, s.stop) for s in plan.shards] == [(0, 4), (4, 7), (0, 3)]
    run(plan)
    found = read_answers(output)
    assert [each["id"] for each in found] == [f"n{i}" for i in range(10)]
    assert [each["seed"].item() for each in found] == seeds.tolist()
    expected = ask(exported.path, y=y, seed=seeds)
    for i, each in enumerate(found):
        got = each["x"].reshape(6, 6, 1)
        np.testing.assert_allclose(got, expected["x"][i], atol=ROUNDING)
    told = outcome.of(plan)
    assert told.ok
    assert (told.records, told.written, told.dead_letters) == (10, 10, 0)
    assert sum(told.status.values()) == 10
    assert not output.with_name("found-dead-letters.jsonl").exists()


def test_answers_do_not_depend_on_shards_or_on_where_a_run_was_stopped(
    exported, tmp_path, y
):
    write_records(tmp_path / "0.in", [example(y=row) for row in y])
    plan, output = planned(exported, tmp_path)
    run(plan, plan.shards[:2])
    before = os.stat(plan.answers_of(plan.shards[1])).st_mtime_ns
    # Killed between the answers of a shard and its report, and in mid-write.
    os.remove(plan.report_of(plan.shards[0]))
    (output.parent / f"writing_01234567_{output.name}-00002-of-00003.tfrecord").touch()
    again, _ = planned(exported, tmp_path)
    assert again.shards == plan.shards
    assert [shard.number for shard in again.left()] == [0, 2]
    places.remove_unfinished(again.output)
    run(again)
    assert not list(output.parent.glob("writing_*"))
    assert os.stat(plan.answers_of(plan.shards[1])).st_mtime_ns == before
    found = read_answers(output)
    assert [each["id"] for each in found] == [f"0.in:{i}" for i in range(10)]
    other, elsewhere = planned(exported, tmp_path, to="other", shard_rows=7)
    run(other)
    for one, two in zip(found, read_answers(elsewhere), strict=True):
        assert one["seed"] == two["seed"]
        np.testing.assert_allclose(one["x"], two["x"], atol=ROUNDING)


def test_malformed_records_are_dead_letters_with_reason_and_place(
    exported, tmp_path, y
):
    nan = y[0].copy()
    nan[3] = np.nan
    write_records(
        tmp_path / "0.in",
        [
            example(y=y[0], id="good"),
            example(y=y[0][:15], id="short"),
            example(y=nan),
            example(x=y[0]),
            b"\x01no example",
            example(y="text"),
            example(y=y[0], seed=[-1]),
            example(y=y[0], seed=[1.5]),
            example(y=y[0], id=b"\xff"),
            example(y=y[1], id="damaged"),
            example(y=y[1], id="last"),
        ],
    )
    content = bytearray((tmp_path / "0.in").read_bytes())
    content[content.index(b"damaged")] ^= 1
    (tmp_path / "0.in").write_bytes(bytes(content) + b"rest of a record")
    plan, output = planned(exported, tmp_path)
    run(plan)
    told = outcome.of(plan)
    assert [each["id"] for each in read_answers(output)] == ["good", "last"]
    assert (told.records, told.written, told.dead_letters) == (11, 2, 10)
    assert not told.ok
    found = letters(output)
    assert {each["file"] for each in found} == {str(tmp_path / "0.in")}
    reasons = {each.get("row", "end"): each["reason"] for each in found}
    assert found[0]["id"] == "short"
    for row, reason in {
        1: "has 15 numbers in `y`, not 16",
        2: "has NaN or infinity in `y`",
        3: "has no `y`",
        4: "is no tf.train.Example",
        5: "has no numbers in `y`",
        6: "has a `seed` that is no integer",
        7: "has a `seed` that is no integer",
        8: "has an `id` that is no text",
        9: "its checksum is wrong",
        "end": "16 bytes are no records",
    }.items():
        assert reason in reasons[row]


def test_arrays_and_tables_are_read_and_written(exported, tmp_path, y):
    arrow = pytest.importorskip("pyarrow")
    import pyarrow.parquet

    ids = [f"n{i}" for i in range(10)]
    np.save(tmp_path / "0.in.npy", y)
    np.savez(tmp_path / "1.in.npz", y=y, id=ids, seed=np.arange(10))
    columns = {"y": list(y.astype("float64")), "id": ids, "seed": list(range(10))}
    columns["y"][7] = None
    pyarrow.parquet.write_table(
        arrow.table(columns), tmp_path / "2.in.parquet", row_group_size=3
    )
    plan, output = planned(exported, tmp_path, "*.in.*", format="parquet", keep=("x",))
    run(plan)
    told = outcome.of(plan)
    assert (told.records, told.written, told.dead_letters) == (30, 29, 1)
    assert letters(output)[0]["row"] == 7
    tables = [
        pyarrow.parquet.read_table(path)
        for path in sorted(output.parent.glob("*.parquet"))
    ]
    table = arrow.concat_tables(tables)
    assert table.column_names == ["id", "seed", "status", "x"]
    found = table.to_pydict()
    assert found["id"] == [f"0.in.npy:{i}" for i in range(10)] + ids + ids[:7] + ids[8:]
    expected = ask(exported.path, y=y, seed=np.arange(10))["x"]
    x = np.array(found["x"][10:20]).reshape(10, 6, 6, 1)
    np.testing.assert_allclose(x, expected, atol=ROUNDING)


def test_a_run_without_records_ends_well(exported, tmp_path):
    (tmp_path / "0.in").touch()
    plan, _ = planned(exported, tmp_path)
    assert not plan.shards
    assert outcome.of(plan).ok


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda path: path.write_bytes(b"no file of records"), "it is no .npy"),
        (lambda path: np.save(f"{path}.npy", np.zeros((3, 9))), r"shape \(3, 9\)"),
        (
            lambda path: write_records(path, [example(y=[0.0] * 9)] * 3),
            "first record has 9 numbers in `y`, not 16",
        ),
        (lambda path: path.write_bytes(b"\x1f\x8b" + b"0" * 40), "unpacked"),
        (lambda path: np.savez(f"{path}.npz", z=np.zeros((3, 16))), r"has no \['y'\]"),
    ],
)
def test_files_of_which_nothing_can_be_recovered_are_refused(
    exported, tmp_path, change, message
):
    change(tmp_path / "0.in")
    with pytest.raises(ValueError, match=f"`input` must hold .*{message}"):
        planned(exported, tmp_path, "0.in*")
    assert not list((tmp_path / "out").iterdir())


def test_another_run_and_other_files_are_not_overwritten(exported, tmp_path, y):
    write_records(tmp_path / "0.in", [example(y=row) for row in y])
    plan, output = planned(exported, tmp_path)
    for asked, named in (
        ({"seed": 1}, "seed"),
        ({"format": "parquet"}, "format"),
        ({"keep": ("x",)}, "keep"),
        ({"shard_rows": 5}, "shard_rows"),
    ):
        if named == "format":
            pytest.importorskip("pyarrow")
        with pytest.raises(FileExistsError, match=f"a run of another `{named}`"):
            planned(exported, tmp_path, **asked)
    write_records(tmp_path / "1.in", [example(y=y[0])])
    with pytest.raises(FileExistsError, match="a run of another `input`"):
        planned(exported, tmp_path)
    (tmp_path / "1.in").unlink()
    write_records(tmp_path / "0.in", [example(y=row) for row in y[::-1]])
    with pytest.raises(FileExistsError, match="`input` has changed"):
        planned(exported, tmp_path)
    for path in (output.parent / "found.run").iterdir():
        path.unlink()
    (output.parent / "found-00000-of-00001.tfrecord").touch()
    with pytest.raises(FileExistsError, match="`output` must not exist yet"):
        planned(exported, tmp_path)
    assert plan.rows == 10


def test_wrong_places_are_named(exported, tmp_path, y):
    with pytest.raises(FileNotFoundError, match="`input` must name files"):
        planned(exported, tmp_path, "none-*")
    with pytest.raises(FileNotFoundError, match="`input` must name at least one file"):
        Asked(str(exported.path), [], str(tmp_path / "found"))
    assert Asked("model", tmp_path / "0.in", str(tmp_path / "found")).input == (
        str(tmp_path / "0.in"),
    )
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        write_records(tmp_path / folder / "0.in", [example(y=y[0])])
    both = [str(tmp_path / folder / "0.in") for folder in ("a", "b")]
    with pytest.raises(ValueError, match="differ in their names"):
        places.matching(both)
    found = places.matching([str(tmp_path / "*" / "0.in")])
    assert [each.name for each in found] == ["a/0.in", "b/0.in"]
    with pytest.raises(FileNotFoundError, match="`model` must be an export"):
        planned(exported._replace(path=tmp_path), tmp_path, "a/*")
    half = tmp_path / "half" / "1"
    half.mkdir(parents=True)
    content = (exported.path / "saved_model.pb").read_bytes()
    (half / "saved_model.pb").write_bytes(content[: len(content) // 2])
    with pytest.raises(ValueError, match="`model` must be a whole export"):
        planned(exported._replace(path=half), tmp_path, "a/*")
    (half / "saved_model.pb").write_bytes(content)
    with pytest.raises(ValueError, match="files are missing from its folder"):
        planned(exported._replace(path=half), tmp_path, "a/*")
    with pytest.raises(ValueError, match="`keep` must name some of"):
        planned(exported, tmp_path, "a/*", keep=("y",))
    write_records(tmp_path / "out" / "y", [example(y=y[0])])
    with pytest.raises(ValueError, match="not be among the files that `input` names"):
        planned(exported, tmp_path, "out/*")


def test_a_full_disk_leaves_nothing_half_written(exported, tmp_path, y):
    write_records(tmp_path / "0.in", [example(y=row) for row in y])
    plan, output = planned(exported, tmp_path)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300, limits[1]))
    try:
        with pytest.raises(OSError, match="`output` must be a place that can be"):
            run(plan)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert not list(output.parent.glob("*-of-*"))
    assert len(plan.left()) == len(plan.shards)
    run(plan)
    assert outcome.of(plan).ok


def test_places_at_an_address_work_as_those_on_the_disk(exported, y):
    folder = "ram://bulk"
    tf.io.gfile.makedirs(folder)
    write_records(f"{folder}/0.in", [example(y=row) for row in y])
    assert [each.name for each in places.matching([f"{folder}/*.in"])] == ["0.in"]
    with places.replacing(f"{folder}/whole", "output") as temporary:
        with places.opened_to_write(temporary) as file:
            file.write(b"whole")
        assert not places.exists(f"{folder}/whole")
    assert b"".join(places.blocks(f"{folder}/whole")) == b"whole"
    with pytest.raises(RuntimeError), places.replacing(f"{folder}/none", "output"):
        raise RuntimeError
    assert places.names_in(folder) == ["0.in", "whole"]


def test_the_cause_is_told_without_the_way_that_it_took():
    text = "Traceback\n  File ...\nOSError: no room: /x [while running 'Write']\n\n"
    assert cause(RuntimeError(text)) == "no room: /x"
    assert cause(OSError("no room [while running 'Write']")) == "no room"
