"""What went wrong in a pipeline, without the way that it took through a runner."""

import re

_NAMED = re.compile(r"[\w.]+(?:Error|Exception)\b[^:]*: ")


def cause(error):
    """The last error that a runner's message names: a text."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    named = [line for line in lines if _NAMED.match(line)]
    found = (named or lines or [type(error).__name__])[-1]
    return _NAMED.sub("", found.partition(" [while running")[0], count=1)
