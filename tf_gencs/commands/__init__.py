"""The command line: `tf-gencs COMMAND` or `python -m tf_gencs COMMAND`.

One file a command, with `add(parser)` and `run(arguments)`; `program` reads the line
and turns errors into messages and exit codes. TensorFlow is imported by a command when
its line was found right.
"""

from tf_gencs.pages import with_page

__doc__ = with_page(__doc__, __file__)
