"""What the status of a lane can be: numbers that Python and C++ share."""

RUNNING, CONVERGED, FAILED = 0, 1, 2
