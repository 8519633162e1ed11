"""Files of a version: upload, digest, storage, the gate."""
