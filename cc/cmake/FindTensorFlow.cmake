# Finds the TensorFlow that Python imports and makes TensorFlow::framework of it.
# Sets TensorFlow_VERSION, TensorFlow_INCLUDE_DIR, TensorFlow_LIBRARY,
# TensorFlow_DEFINITIONS, TensorFlow_DIRECTORY, TensorFlow_C_LIBRARY. The answers are
# cached: importing TensorFlow takes seconds.
set(_tensorflow_query [[
import sys
import tensorflow as tf
flags = tf.sysconfig.get_compile_flags()
print(tf.__version__)
print(tf.sysconfig.get_include())
print(next(f[2:] for f in tf.sysconfig.get_link_flags() if f.startswith("-L")))
print(next(f[3:] for f in tf.sysconfig.get_link_flags() if f.startswith("-l:")))
print("|".join(f[2:] for f in flags if f.startswith("-D")))
]])

if(NOT TensorFlow_PYTHON STREQUAL Python_EXECUTABLE)
  message(STATUS "Asking ${Python_EXECUTABLE} about TensorFlow")
  execute_process(
    COMMAND "${CMAKE_COMMAND}" -E env TF_CPP_MIN_LOG_LEVEL=3
            "${Python_EXECUTABLE}" -c "${_tensorflow_query}"
    OUTPUT_VARIABLE _answer ERROR_VARIABLE _error RESULT_VARIABLE _failed
    OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(_failed)
    message(FATAL_ERROR "TensorFlow cannot be imported by ${Python_EXECUTABLE}:\n${_error}")
  endif()
  string(REPLACE "\n" ";" _answer "${_answer}")
  list(GET _answer 0 _version)
  list(GET _answer 1 _include)
  list(GET _answer 2 _directory)
  list(GET _answer 3 _library)
  list(GET _answer 4 _definitions)
  string(REPLACE "|" ";" _definitions "${_definitions}")
  set(TensorFlow_VERSION "${_version}" CACHE INTERNAL "")
  set(TensorFlow_INCLUDE_DIR "${_include}" CACHE INTERNAL "")
  set(TensorFlow_LIBRARY "${_directory}/${_library}" CACHE INTERNAL "")
  set(TensorFlow_DEFINITIONS "${_definitions}" CACHE INTERNAL "")
  set(TensorFlow_PYTHON "${Python_EXECUTABLE}" CACHE INTERNAL "")
endif()

# The C API lies in another library beside it.
get_filename_component(TensorFlow_DIRECTORY "${TensorFlow_LIBRARY}" DIRECTORY)
string(REPLACE "libtensorflow_framework" "libtensorflow_cc" TensorFlow_C_LIBRARY
               "${TensorFlow_LIBRARY}")

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(TensorFlow
  REQUIRED_VARS TensorFlow_LIBRARY TensorFlow_INCLUDE_DIR
  VERSION_VAR TensorFlow_VERSION)

if(TensorFlow_FOUND AND NOT TARGET TensorFlow::framework)
  add_library(TensorFlow::framework SHARED IMPORTED)
  # Imported targets are system targets: no warnings from TensorFlow's headers.
  set_target_properties(TensorFlow::framework PROPERTIES
    IMPORTED_LOCATION "${TensorFlow_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${TensorFlow_INCLUDE_DIR}"
    INTERFACE_COMPILE_DEFINITIONS "${TensorFlow_DEFINITIONS}")
endif()
