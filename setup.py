"""Builds the native library with CMake; everything else stands in pyproject.toml.

Without a compiler or CMake, or where the build fails, the package is made without
native code and works on its TensorFlow twins. Environment variables:
    GENCS_REQUIRE_NATIVE=1  fail instead
    GENCS_CUDA=AUTO|ON|OFF  whether to build the CUDA kernels (AUTO: if nvcc is there)
    CMAKE_ARGS              further arguments for CMake
"""

import importlib.metadata
import os
import pathlib
import shlex
import shutil
import subprocess
import sys

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

ROOT = pathlib.Path(__file__).parent.resolve()
OPS = pathlib.PurePath("tf_gencs", "ops")
TENSORFLOW_PACKAGES = ("tensorflow", "tensorflow-cpu", "tensorflow-intel", "tf-nightly")
DEFAULT_TENSORFLOW = "2.21"


def tensorflow_minor():
    """The "major.minor" of the TensorFlow to build for, which the wheel then needs."""
    for package in TENSORFLOW_PACKAGES:
        try:
            return ".".join(importlib.metadata.version(package).split(".")[:2])
        except importlib.metadata.PackageNotFoundError:
            continue
    return DEFAULT_TENSORFLOW


def dependencies():
    major, minor = tensorflow_minor().split(".")
    return [
        f"tensorflow>={major}.{minor},<{major}.{int(minor) + 1}",
        "keras>=3.12",
        "numpy>=1.26",
        "h5py>=3.11",
    ]


class CMakeBuild(build_ext):
    """Runs CMake once for the op library, the bindings and the record of both."""

    def run(self):
        destination = self._destination()
        built = pathlib.Path(self.build_temp).resolve() / "native"
        shutil.rmtree(built, ignore_errors=True)
        built.mkdir(parents=True)
        try:
            self._build(built)
        except (OSError, subprocess.CalledProcessError) as error:
            if os.environ.get("GENCS_REQUIRE_NATIVE") == "1":
                raise
            built = None
            print(
                "\n"
                "WARNING: tf_gencs is being installed WITHOUT its native code: "
                f"{self._reason(error)}\n"
                "WARNING: plain TensorFlow will stand in for it: same results, slower. "
                "To get it, install a C++17 compiler and cmake and reinstall; "
                "GENCS_REQUIRE_NATIVE=1 makes this an error.\n",
                file=sys.stderr,
            )
        # After the build, so that a package in use is never without its library; and
        # old files go even if there are no new ones: they may fit another TensorFlow.
        for old in (*destination.glob("_gencs_*.so"), destination / "build_info.json"):
            old.unlink(missing_ok=True)
        if built is not None:
            shutil.copytree(built, destination, dirs_exist_ok=True)

    def _destination(self):
        if self.inplace or self.editable_mode:
            return ROOT / OPS
        return pathlib.Path(self.build_lib).resolve() / OPS

    def _build(self, destination):
        cmake = shutil.which("cmake")
        if cmake is None:
            raise FileNotFoundError("cmake was not found")
        build = pathlib.Path(self.build_temp).resolve() / "cmake"
        build.mkdir(parents=True, exist_ok=True)
        generator = ["-G", "Ninja"] if shutil.which("ninja") else []
        configure = [
            cmake,
            *generator,
            "-S",
            str(ROOT),
            "-B",
            str(build),
            f"-DPython_EXECUTABLE={sys.executable}",
            f"-DGENCS_CUDA={os.environ.get('GENCS_CUDA', 'AUTO')}",
            *shlex.split(os.environ.get("CMAKE_ARGS", "")),
        ]
        jobs = str(self.parallel or os.cpu_count() or 1)
        subprocess.run(configure, check=True)
        subprocess.run([cmake, "--build", str(build), "-j", jobs], check=True)
        subprocess.run(
            [cmake, "--install", str(build), "--prefix", str(destination), "--strip"],
            check=True,
        )

    @staticmethod
    def _reason(error):
        if isinstance(error, subprocess.CalledProcessError):
            return f"`{' '.join(error.cmd[:2])} ...` failed, see its messages above."
        return f"{error}."

    def get_outputs(self):
        return [str(path) for path in self._destination().glob("_gencs_*.so")]

    def get_output_mapping(self):
        return {}

    def copy_extensions_to_source(self):
        """Nothing to copy: an in-place build writes there."""


setup(
    # Named so that the wheel is one of a platform; CMake knows the sources.
    ext_modules=[Extension("tf_gencs.ops._gencs_core", sources=[])],
    cmdclass={"build_ext": CMakeBuild},
    install_requires=dependencies(),
)
