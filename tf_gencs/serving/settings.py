"""What `export_recovery` was told, checked."""

import contextlib
import dataclasses

from tf_gencs import checks, ops


@dataclasses.dataclass(frozen=True)
class ExportSettings:
    """How to export; see `SignalModel.export_recovery` for what each means.

    Raises:
        ValueError: naming the argument that is wrong.
    """

    seed: int = 0
    warmup: bool = True
    A_in_requests: bool | None = None
    max_batch_size: int = 64
    ops: str = "core"

    def __post_init__(self):
        checks.integer(self.seed, "seed", at_least=0, at_most=2**63 - 1)
        checks.flag(self.warmup, "warmup")
        if self.A_in_requests is not None:
            checks.flag(self.A_in_requests, "A_in_requests")
        checks.integer(self.max_batch_size, "max_batch_size")
        checks.choice(self.ops, "ops", ("core", "native"))
        if self.native and ops.backend() == "twin":
            raise ValueError(
                "`ops` must be 'core' where the native library is not loaded, see "
                "`gencs.ops.backend()`. Received: 'native'"
            )

    @property
    def native(self):
        return self.ops == "native"

    def backend(self):
        """The context in which graphs are traced."""
        return contextlib.nullcontext() if self.native else ops.twins()
