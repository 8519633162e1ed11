"""Speaking with a child process through its pipes: input in, answer and last words out, never longer or larger than allowed."""

import os
import selectors
import signal
import subprocess
import time

STDERR_KEPT = 500
_CHUNK = 65536


class Conversation:
    """Feeds a child its input and gathers what it says, without ever blocking longer than allowed.

    The child must lead a session of its own: whatever it started ends with it.
    """

    def __init__(self, process: subprocess.Popen[bytes], data: bytes, max_answer: int, *, max_said: int | None = None) -> None:
        self.process, self.max_answer, self.max_said = process, max_answer, max_said
        self.answer, self.stderr, self.too_large = bytearray(), bytearray(), False
        self._said = 0
        self._left = memoryview(data)
        self._selector = selectors.DefaultSelector()
        self._exit = os.pidfd_open(process.pid)
        self._selector.register(self._exit, selectors.EVENT_READ, self._exited)
        self._has_exited = False
        for pipe, event, react in (
            (process.stdin, selectors.EVENT_WRITE, self._feed),
            (process.stdout, selectors.EVENT_READ, self._hear),
            (process.stderr, selectors.EVENT_READ, self._overhear),
        ):
            if pipe is not None:
                os.set_blocking(pipe.fileno(), False)
                self._selector.register(pipe, event, react)

    def hold(self, *, until: float) -> bool:
        """Talk until the child has ended and said everything; False when time or space ran out first."""
        while self._selector.get_map():
            left = until - time.monotonic()
            if left <= 0 or self.too_large:
                return False
            for key, _ in self._selector.select(left):
                key.data(key.fd)
        return self._has_exited and not self.too_large

    def close(self) -> None:
        """End the child with everything it started, and let go of all descriptors."""
        self._end_group()
        self.process.wait()
        self._selector.close()
        os.close(self._exit)
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            if pipe is not None and not pipe.closed:
                # Unbuffered input is never left in the file object, so closing cannot fail on a broken pipe.
                pipe.close()

    def _exited(self, descriptor: int) -> None:
        # The child is not reaped before close(), so its group id cannot belong to anybody else yet.
        self._has_exited = True
        self._selector.unregister(descriptor)
        self._end_group()

    def _end_group(self) -> None:
        if self.process.returncode is None:
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                # Nobody is left in the group, or (on the first instants) the child has not made its own group yet.
                self.process.kill()

    def _feed(self, descriptor: int) -> None:
        try:
            written = os.write(descriptor, self._left[:_CHUNK])
            self._left = self._left[written:]
        except BrokenPipeError:
            self._left = self._left[:0]
        if not self._left:
            self._selector.unregister(descriptor)
            if self.process.stdin is not None:
                self.process.stdin.close()

    def _hear(self, descriptor: int) -> None:
        chunk = os.read(descriptor, _CHUNK)
        self.answer += chunk
        self.too_large = self.too_large or len(self.answer) > self.max_answer
        if not chunk:
            self._selector.unregister(descriptor)

    def _overhear(self, descriptor: int) -> None:
        chunk = os.read(descriptor, _CHUNK)
        self.stderr += chunk
        del self.stderr[: -4 * STDERR_KEPT]
        self._said += len(chunk)
        self.too_large = self.too_large or (self.max_said is not None and self._said > self.max_said)
        if not chunk:
            self._selector.unregister(descriptor)
