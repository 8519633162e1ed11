"""Keras models: the description of the layers may only name what Keras itself computes; weights are HDF5."""
