"""HDF5, walked in its own bytes: from the superblock through every group to every dataset and attribute."""
