"""The checks of a version. To add one, write it in a file of its own and name it here."""

from governance.validation.checks.base import Numbered
from governance.validation.checks.card import CardDuties
from governance.validation.checks.claims import Claims
from governance.validation.checks.code import Code
from governance.validation.checks.copies import Copies
from governance.validation.checks.file_types import FileTypes
from governance.validation.checks.formats import Formats
from governance.validation.checks.integrity import Integrity
from governance.validation.checks.licence import Licence
from governance.validation.checks.links import Links
from governance.validation.checks.manifest import Manifest
from governance.validation.checks.metrics import Metrics
from governance.validation.checks.names import Names
from governance.validation.checks.names_alike import NamesAlike
from governance.validation.checks.personal import Personal
from governance.validation.checks.pickles import Pickles
from governance.validation.checks.probe import Probe
from governance.validation.checks.repository import Repository
from governance.validation.checks.secrets import Secrets
from governance.validation.checks.signature import Signature
from governance.validation.checks.sizes import Sizes
from governance.validation.checks.software import Software
from governance.validation.checks.upstream import Upstream

CHECKS: tuple[Numbered, ...] = (
    Integrity(), Names(), Sizes(),
    Formats(), FileTypes(), Code(), Pickles(), Secrets(), Repository(), Software(),
    Manifest(), Signature(), Upstream(), Copies(), NamesAlike(),
    Licence(),
    CardDuties(), Metrics(), Links(), Personal(), Claims(),
    Probe(),
)  # fmt: skip
