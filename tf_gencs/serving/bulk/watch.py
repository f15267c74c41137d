"""Says how far a run is, by the reports that are there."""

import contextlib
import threading
import time


@contextlib.contextmanager
def watching(plan, say, every=10.0):
    """Within this context a run is watched from beside it.

    Args:
        plan: the `Plan`.
        say: function of a text; None for silence.
        every: seconds between two looks.
    """
    if say is None:
        yield
        return
    stop = threading.Event()
    thread = threading.Thread(target=_watch, args=(plan, say, every, stop), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _watch(plan, say, every, stop):
    rows = {shard.number: shard.stop - shard.start for shard in plan.shards}
    before, start = plan.done(), time.monotonic()
    last = before
    while not stop.wait(every):
        with contextlib.suppress(OSError):  # of a look; the run has its own
            done = plan.done()
            if done == last:
                continue
            new = sum(rows[number] for number in done - before)
            left = sum(rows[number] for number in rows.keys() - done)
            speed = new / (time.monotonic() - start)
            say(
                f"{len(done)} of {len(rows)} shards, "
                f"{sum(rows[number] for number in done)} of {plan.rows} records, "
                f"{speed:.0f}/s, {_clock(left / speed)} left"
            )
            last = done


def _clock(seconds):
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}"
