"""What a run says while it lasts, and how it is interrupted."""

import csv
import signal
import time

import keras

import tf_gencs as gencs


class Progress(gencs.callbacks.StepCallback):
    """A line on the screen and a row of log.csv every so many steps, and at the last.

    Both hold means over the steps since the last line. It goes first among callbacks:
    it starts the model's metrics anew after each step, so that all of them see the
    numbers of single steps, wherever training started.

    Args:
        path: of log.csv. Rows of later steps than training starts from are dropped.
        steps: how many there will be.
        every: steps between lines.
    """

    def __init__(self, path, steps, every):
        super().__init__(every)
        self.path, self.steps = path, steps
        self._sums, self._count = {}, 0

    def on_train_begin(self, logs=None):
        super().on_train_begin(logs)
        self._drop_rows_after(self.step)
        self._began = self._lasted = time.monotonic()
        self._began_at = self._lasted_at = self.step

    def on_train_batch_end(self, batch, logs=None):
        for name, value in (logs or {}).items():
            self._sums[name] = self._sums.get(name, 0.0) + float(value)
        self._count += 1
        self.model.reset_metrics()
        super().on_train_batch_end(batch, logs)

    def on_train_end(self, logs=None):
        if self.step == self.steps and self._count:
            self.act(self.step, logs)

    def act(self, step, logs):
        means = {name: total / self._count for name, total in self._sums.items()}
        self._sums, self._count = {}, 0
        now = time.monotonic()
        rate = (step - self._lasted_at) / max(now - self._lasted, 1e-9)
        mean_rate = (step - self._began_at) / max(now - self._began, 1e-9)
        self._lasted, self._lasted_at = now, step
        losses = "  ".join(f"{name} {value:.4g}" for name, value in means.items())
        left = _clock((self.steps - step) / mean_rate)
        print(
            f"step {step:>{len(str(self.steps))}}/{self.steps} "
            f"{step / self.steps:4.0%} | {losses} | {rate:.3g} steps/s, {left} left",
            flush=True,
        )
        self._write_row({"step": step, **means})

    def get_state(self):
        """What a run that goes on between two lines needs."""
        return [self._sums, self._count]

    def set_state(self, state):
        self._sums, self._count = state

    def _write_row(self, row):
        new = not self.path.exists()
        with self.path.open("a", newline="") as file:
            writer = csv.DictWriter(file, row, lineterminator="\n")
            if new:
                writer.writeheader()
            writer.writerow(row)

    def _drop_rows_after(self, step):
        if not self.path.exists():
            return
        header, *rows = self.path.read_text().splitlines(keepends=True)
        kept = [row for row in rows if int(row.split(",")[0]) <= step]
        self.path.write_text("".join([header, *kept]))


class StopOnSignal(keras.callbacks.Callback):
    """Ends training after the step in which Ctrl-C or a request to terminate comes.

    A second Ctrl-C ends it at once. `received` tells whether one came.
    """

    received = False

    def on_train_begin(self, logs=None):
        self.received = False
        self._before = {
            number: signal.signal(number, self._receive)
            for number in (signal.SIGINT, signal.SIGTERM)
        }

    def on_train_batch_end(self, batch, logs=None):
        if self.received:
            self.model.stop_training = True

    def restore(self):
        """Gives the signals back; also where training ended by an error."""
        for number, handler in getattr(self, "_before", {}).items():
            signal.signal(number, handler)
        self._before = {}

    def _receive(self, number, frame):
        self.received = True
        self.restore()
        print("\nstopping after this step ...", flush=True)


def last_losses(path):
    """The last row of log.csv, by name; nothing if there is none."""
    if not path.exists():
        return {}
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    last = rows[-1] if rows else {}
    return {f"train_{k}": float(v) for k, v in last.items() if k != "step"}


def _clock(seconds):
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}"
