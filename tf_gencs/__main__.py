"""`python -m tf_gencs`: the command line, see `tf_gencs.commands`."""

from tf_gencs.commands.program import main

if __name__ == "__main__":
    raise SystemExit(main())
