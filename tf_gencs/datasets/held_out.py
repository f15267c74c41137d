"""Which images of a folder never train."""

import json
import numbers

from tf_gencs import checks, files

__all__ = ["HeldOut"]

_BITS = 256  # of a digest


class HeldOut:
    """Splits files by their digests, alike whatever their names, order and number.

    A number takes the files of the smallest digests: one that is added can take the
    place of one held out, which then trains, but none that has trained is held out.
    Only one that is removed could do that, which a record prevents.

    Args:
        held_out: number of files, or a share in (0, 1).
        record: None or a path, see `split_image_folder`.

    Raises:
        TypeError, ValueError: see `split_image_folder`.
    """

    def __init__(self, held_out, record=None):
        self._by_share = not isinstance(held_out, numbers.Integral)
        if self._by_share:
            self._wanted = checks.number(held_out, "held_out", above=0, below=1)
        else:
            self._wanted = checks.integer(held_out, "held_out", at_least=0)
        self._record = None if record is None else files.path(record, "record")
        self._recorded = None if record is None else _read(self._record)
        known = self._recorded
        if known is not None and not self._by_share and self._wanted > len(known):
            raise ValueError(
                f"`held_out` must be at most {len(known)}, as many as {self._record} "
                f"has: the other images have trained. Received: {held_out}"
            )

    def split(self, found):
        """Training files, held-out files, and a sentence on those missing, or None.

        Args:
            found: list of `ImageFile`.
        """
        by_digest = {file.digest: file for file in reversed(found)}  # first of copies
        chosen = self._recorded
        if chosen is None:
            chosen = self._choose(sorted(by_digest))
        never = set(chosen)
        training = [file for file in found if file.digest not in never]
        if not training:
            raise ValueError(
                "`held_out` must leave images to train on. Received: "
                f"{self._wanted}, of {len(by_digest)} different images"
            )
        held = [by_digest[digest] for digest in chosen if digest in by_digest]
        if self._recorded is None and self._record is not None:
            _write(self._record, held)
        missing = None
        if len(held) < len(chosen):
            missing = (
                f"{len(chosen) - len(held)} of the {len(chosen)} images that "
                f"{self._record} holds out are no longer there"
            )
        return training, held if self._by_share else held[: self._wanted], missing

    def _choose(self, digests):
        if not self._by_share:
            return digests[: self._wanted]
        limit = self._wanted * 2**_BITS
        return [d for d in digests if int(d, 16) < limit] or digests[:1]


def _read(record):
    """Digests in the order in which they were recorded; None if there is no record."""
    try:
        content = json.loads(record.read_text())
        return [str(each["sha256"]) for each in content["held_out"]]
    except FileNotFoundError:
        return None
    except (KeyError, OSError, TypeError, ValueError) as error:
        raise ValueError(
            "`record` must be a file that held-out images were recorded in, or a new "
            f"one. Received: {record} ({type(error).__name__}: {error})"
        ) from error


def _write(record, held):
    content = {"held_out": [{"sha256": f.digest, "name": f.name} for f in held]}
    with files.replacing(record, "record") as temporary:
        temporary.write_text(json.dumps(content, indent=2) + "\n")
