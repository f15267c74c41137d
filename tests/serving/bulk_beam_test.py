"""Bulk recovery as it is called: the pipeline of Apache Beam, killed and started."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import tf_gencs as gencs
from tests.serving.bulk_files import example, read_answers, write_records

pytest.importorskip("apache_beam", reason="needs `pip install tf-gencs[beam]`")

pytestmark = [
    pytest.mark.long,
    # Of Beam about its own parts.
    pytest.mark.filterwarnings("ignore"),
]


@pytest.fixture
def records(exported, tmp_path):
    y = np.asarray(exported.A(exported.model.generate(40, seed=3)))
    write_records(tmp_path / "0.in", [example(y=row) for row in y[:25]])
    write_records(tmp_path / "1.in", [*(example(y=row) for row in y[25:]), b"\x01no"])
    return str(tmp_path / "*.in")


def ids():
    return [f"0.in:{i}" for i in range(25)] + [f"1.in:{i}" for i in range(15)]


def test_the_pipeline_answers_all_and_then_has_nothing_to_do(
    exported, tmp_path, records
):
    output, said = tmp_path / "out" / "found", []
    arguments = (exported.path.parent, records, output)
    found = gencs.serving.recover_bulk(*arguments, shard_rows=8, say=said.append)
    assert (found.done, found.shards) == (6, 6)
    assert (found.records, found.written, found.dead_letters) == (41, 40, 1)
    assert found.recovered == 40  # and one dead letter
    assert not found.ok
    assert [each["id"] for each in read_answers(output)] == ids()
    again = gencs.serving.recover_bulk(*arguments, shard_rows=8)
    assert (again.written, again.recovered) == (40, 0)
    # From the start, though all is there.
    gencs.serving.recover_bulk(*arguments, shard_rows=50, overwrite=True)
    assert [each["id"] for each in read_answers(output)] == ids()
    assert len(list(output.parent.glob("*.tfrecord"))) == 2


def test_what_fails_in_the_pipeline_is_a_sentence(
    exported, tmp_path, records, monkeypatch
):
    def full(*arguments):
        raise OSError(28, "No space left on device")

    from tf_gencs.serving.bulk import work

    monkeypatch.setattr(work, "write", full)
    with pytest.raises(RuntimeError, match=r"goes on with it\. .*No space left.*"):
        gencs.serving.recover_bulk(exported.path, records, tmp_path / "out")
    monkeypatch.undo()
    found = gencs.serving.recover_bulk(exported.path, records, tmp_path / "out")
    assert found.written == 40


@pytest.mark.slow
def test_a_run_that_is_killed_loses_and_doubles_nothing(exported, tmp_path, records):
    output = tmp_path / "found"
    command = [sys.executable, "-m", "tf_gencs", "recover-bulk", "--quiet"]
    command += ["--model", str(exported.path), "--input", records]
    command += ["--output", str(output), "--shard-rows", "1"]
    for wanted in (1, 9, 20):
        run = subprocess.Popen(command, start_new_session=True)
        while run.poll() is None and len(done(output)) < wanted:
            time.sleep(0.01)
        if run.poll() is None:
            os.killpg(run.pid, signal.SIGKILL)
        run.wait()
    assert subprocess.run(command).returncode == 1  # a dead letter
    assert [each["id"] for each in read_answers(output)] == ids()
    assert not list(tmp_path.glob("writing_*"))


def done(output):
    return list(output.with_name("found.run").glob("0*.json"))
