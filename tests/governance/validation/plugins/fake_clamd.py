"""A small clamd on the loopback interface: it speaks the protocol, and can be told to speak it badly."""

import socketserver
import threading
import time

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
VERSION = b"ClamAV 1.4.1/27421/Mon Oct 20 09:00:00 2026\0"


class Session(socketserver.StreamRequestHandler):
    """One connection of a worker."""

    def handle(self) -> None:
        self.number = 0
        while command := self._word():
            if command == b"zVERSION":
                self.wfile.write(self.server.says.get("version", VERSION))
                return
            if command == b"zINSTREAM":
                self.number += 1
                self._answer(self._stream())

    def _word(self) -> bytes:
        word = b""
        while (sign := self.rfile.read(1)) not in {b"", b"\0"}:
            word += sign
        return word

    def _stream(self) -> bytes:
        taken = b""
        while length := int.from_bytes(self.rfile.read(4), "big"):
            taken += self.rfile.read(length)
        return taken

    def _answer(self, taken: bytes) -> None:
        self.server.seen.append(taken)
        how = self.server.how
        if how == "hangs":
            time.sleep(2)
            return
        bad = b"Eicar-Signature FOUND" if EICAR in taken else b"OK"
        answers = {
            "works": b"%d: stream: %s\0" % (self.number, bad),
            "garbage": b"\xff\xfe lorem ipsum\0",
            "another": b"%d: stream: OK\0" % (self.number + 1),
            "no number": b"stream: OK\0",
            "two answers": b"1: stream: OK\0001: stream: OK\0",
            "half": b"1: stream: O",
            "error": b"1: Can't allocate memory ERROR\0",
            "too large": b"INSTREAM size limit exceeded. ERROR\0",
            "chatters": b"1: " + b"x" * 20_000 + b"\0",
        }
        self.wfile.write(answers[how])


class Clamd(socketserver.ThreadingTCPServer):
    """Listens at `url`; `how` it answers can be changed while it runs."""

    daemon_threads = allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Session)
        self.how, self.says, self.seen = "works", {}, []
        self.url = f"tcp://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def stop(self) -> None:
        """Go away, as when somebody stopped it."""
        self.shutdown()
        self.server_close()
