"""The measurement of magnetic resonance imaging, its masks and its coils."""
