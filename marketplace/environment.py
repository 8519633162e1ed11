"""Reading the environment: what may not run outside debug, and what the storage address means."""

from importlib.util import find_spec
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import environ
from environ.fileaware_mapping import FileAwareMapping

ORGANIZATION_ROLES = {"administrator", "auditor", "governance", "reviewer", "security"}
SANDBOX_PROFILES = ("auto", "bubblewrap", "landlock", "service")
WEAK = {"", "secret", "changeme", "insecure", "only-for-trying-out-on-one-machine"}


class SecretFiles(FileAwareMapping):  # type: ignore[misc]
    """The environment, with NAME_FILE read from its file; the newline that editors and `echo` add is no part of a secret."""

    def __getitem__(self, key: str) -> str:
        """Return the value without the newline at its end."""
        return str(super().__getitem__(key)).rstrip("\r\n")


class Environment(environ.FileAwareEnv):  # type: ignore[misc]
    """Reads settings from the environment and from secret files."""

    ENVIRON = SecretFiles()


def unsafe_values(*, debug: bool, secret_key: str, public_url: str, database_url: str, redis_url: str, storage_url: str) -> list[str]:
    """Name every value that production must not start with, each as a sentence that says what to set."""
    problems = []
    if urlsplit(public_url).scheme not in {"http", "https"} or not urlsplit(public_url).hostname:
        problems.append(f"PUBLIC_URL is {public_url!r}; set it to the address people open, e.g. https://models.example.com.")
    if urlsplit(redis_url).scheme not in {"redis", "rediss", "unix"}:
        problems.append("REDIS_URL must start with redis://, rediss:// or unix://.")
    if storage_url.startswith("s3://") and not urlsplit(storage_url).netloc:
        problems.append("STORAGE_URL names no bucket; write s3://bucket or a folder.")
    return problems if debug else problems + _unsafe_in_production(secret_key, public_url, database_url)


def _unsafe_in_production(secret_key: str, public_url: str, database_url: str) -> list[str]:
    """Name what is tolerated in debug only."""
    problems = []
    if secret_key.lower() in WEAK or len(secret_key) < 40 or len(set(secret_key)) < 10:
        problems.append("SECRET_KEY is missing or weak; set at least 40 random characters, e.g. of secrets.token_urlsafe(50).")
    if not database_url:
        problems.append("DATABASE_URL is missing; set postgres://user:password@host/name.")
    elif urlsplit(database_url).scheme not in {"postgres", "postgresql"}:
        problems.append("DATABASE_URL must be a PostgreSQL address (postgres://…); no other database is supported.")
    host = urlsplit(public_url).hostname or ""
    if public_url.startswith("http://") and host and host not in {"localhost", "127.0.0.1", "::1"}:
        problems.append(f"PUBLIC_URL is {public_url!r}; outside this machine it must be https.")
    return problems


def sign_in_problems(*, local: bool, issuer: str, client_id: str, client_secret: str, scopes: list[str], mfa_roles: list[str]) -> list[str]:
    """Name what is wrong with the settings about signing in, each as a sentence that says what to set."""
    problems = []
    parts = urlsplit(issuer)
    here = local and parts.scheme == "http" and parts.hostname in {"localhost", "127.0.0.1", "::1"}
    if issuer and not here and (parts.scheme != "https" or not parts.hostname or parts.query or parts.fragment):
        problems.append(f"OIDC_ISSUER is {issuer!r}; set the https address that the directory calls its issuer.")
    if len(issuer) > 200:
        problems.append("OIDC_ISSUER is longer than 200 characters.")
    for name, value in (("OIDC_CLIENT_ID", client_id), ("OIDC_CLIENT_SECRET", client_secret)):
        if issuer and not value:
            problems.append(f"{name} is missing; the directory gives it when this marketplace is registered there.")
    if issuer and "openid" not in scopes:
        problems.append("OIDC_SCOPES must contain openid.")
    if unknown := sorted(set(mfa_roles) - ORGANIZATION_ROLES):
        problems.append(f"MFA_REQUIRED_FOR names {', '.join(unknown)}; use {', '.join(sorted(ORGANIZATION_ROLES))}.")
    return problems


def sandbox_problems(*, profile: str, scanner: str, clamd: str = "") -> list[str]:
    """Name what is wrong with the settings about reading files apart, each as a sentence that says what to set."""
    problems = []
    if profile not in SANDBOX_PROFILES:
        problems.append(f"SANDBOX_PROFILE is {profile!r}; use {', '.join(SANDBOX_PROFILES)}.")
    if scanner and not scanner.startswith("unix:/"):
        problems.append(f"SCANNER_URL is {scanner!r}; set the socket of a scanner on this machine, e.g. unix:/run/scanner/socket.")
    parts = urlsplit(clamd)
    if clamd and not (parts.scheme == "unix" and parts.path.startswith("/")) and not (parts.scheme == "tcp" and parts.hostname):
        problems.append(f"CLAMD_URL is {clamd!r}; set where clamd listens, e.g. unix:/run/clamav/clamd.ctl or tcp://clamd:3310.")
    if profile == "service" and not scanner:
        problems.append("SANDBOX_PROFILE is service, so SCANNER_URL must say where the scanner listens.")
    return problems


def saml_problems(*, local: bool, issuer: str, sign_in_url: str, certificate: str, oidc_issuer: str) -> list[str]:
    """Name what is wrong with the settings about SAML, each as a sentence that says what to set or install."""
    if not issuer:
        return []
    problems = []
    parts = urlsplit(sign_in_url)
    here = local and parts.scheme == "http" and parts.hostname in {"localhost", "127.0.0.1", "::1"}
    if oidc_issuer:
        problems.append("SAML_ISSUER and OIDC_ISSUER are both set; a directory signs people in by one of them. OIDC_ISSUER is the better choice.")
    if len(issuer) > 200:
        problems.append("SAML_ISSUER is longer than 200 characters.")
    if not here and (parts.scheme != "https" or not parts.hostname):
        problems.append(f"SAML_SIGN_IN_URL is {sign_in_url!r}; set the https address that the directory calls its sign-on service (HTTP-Redirect).")
    if not certificate:
        problems.append("SAML_CERTIFICATE is missing; set the certificate that the directory signs with, or SAML_CERTIFICATE_FILE.")
    if find_spec("onelogin") is None or find_spec("xmlsec") is None:
        problems.append("SAML_ISSUER is set, but the packages for SAML are not installed; run `bin/install requirements/saml.txt`, or unset it.")
    return problems


def folder_problems(**folders: str) -> list[str]:
    """Name every setting that should be a folder and is none: rules that are silently not read would be worse than none."""
    return [
        f"{name} is {folder!r}, which is no folder here; correct it or leave it out."
        for name, folder in folders.items()
        if folder and not Path(folder).is_dir()
    ]


def storage_options(url: str) -> dict[str, object]:
    """Return Django's storage setting for a folder or `s3://bucket?endpoint_url=…&region=…`."""
    if not url.startswith("s3://"):
        folder = Path(url.removeprefix("file://")).absolute()
        return {"BACKEND": "catalog.artifacts.storage.FolderStorage", "OPTIONS": {"location": str(folder)}}
    parts = urlsplit(url)
    extra = {key: values[0] for key, values in parse_qs(parts.query).items()}
    options = {
        "bucket_name": parts.netloc,
        "location": parts.path.strip("/"),
        "file_overwrite": True,
        "default_acl": None,
        "querystring_expire": 60,
    }
    if "endpoint_url" in extra:
        options["endpoint_url"] = extra["endpoint_url"]
    if "region" in extra:
        options["region_name"] = extra["region"]
    return {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}
