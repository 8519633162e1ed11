"""TensorFlow: saved models, frozen graphs, and the index of a checkpoint's variables."""
