"""Where scripts write, found out before they work: types for argparse."""

import argparse

from tf_gencs import files


def folder(text):
    """A folder that can be written to, made if need be."""
    try:
        return files.folder_to_write(text, "folder")
    except (OSError, ValueError) as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def file(text):
    """A file in such a folder."""
    try:
        path = files.path(text, "file")
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    folder(path.parent)
    return path
