"""Torch files of before the zip: four pickles, a list of keys, and the raw numbers of every storage to the last byte."""

from catalog.artifacts.readers.pickles import tensors
from catalog.artifacts.readers.pickles.machine import Machine
from catalog.artifacts.readers.pickles.symbols import Log
from catalog.artifacts.readers.types import Broken
from catalog.artifacts.readers.window import Window

MAGIC = 0x1950A86A20F9469CFC6C
PROTOCOL = 1001
FIX = "Save the weights again, as safetensors, and check that the upload was complete."


def walk(window: Window, log: Log) -> object:
    """Walk what follows the magic number and return the symbol of the model; the numbers are measured and never unpickled."""
    protocol = Machine(window, log, persistent=True).run()
    if protocol != PROTOCOL:
        raise Broken("The version of the torch format is unknown.", where=f"byte {window.offset}", fix=FIX, check="pickle.structure")
    Machine(window, log, persistent=True).run()
    model = Machine(window, log, persistent=True).run()
    Machine(window, log, persistent=True).run()
    storages = tensors.storages(log)
    for storage in sorted(storages.values(), key=lambda item: item.key):
        at = window.offset
        count = window.unsigned(8)
        if count != storage.values:
            raise Broken(f"The numbers “{storage.key}” have {count:,} values instead of {storage.values:,}.", where=f"byte {at}", fix=FIX,
                         check="pickle.structure")  # fmt: skip
        window.skip(count * storage.width)
    if window.left:
        raise Broken(f"{window.left:,} bytes follow the numbers.", where=f"byte {window.offset}", fix=FIX, check="pickle.structure")
    tensors.check(log)
    return model
