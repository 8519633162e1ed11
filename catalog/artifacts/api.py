"""Files over /api/v1/: list, send, remove and download them; uploads in parts; and the signed links of the byte-serving pool."""

from typing import Any, ClassVar
from urllib.parse import quote
from uuid import UUID

from django.conf import settings
from django.http import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.artifacts import gate, links, serving, store
from catalog.artifacts.actions import add_file, cancel_upload, complete_upload, note_read, put_part, remove_file, start_upload
from catalog.artifacts.digests import check_sha256
from catalog.artifacts.gate import Pass
from catalog.artifacts.models import ModelFile
from catalog.artifacts.queries import Copy, duplicates_among, files_of, upload_for
from catalog.artifacts.serializers import (
    AddedShape,
    CompleteInput,
    FilesShape,
    UploadInput,
    UploadShape,
    added_shape,
    file_shape,
    upload_shape,
)
from catalog.registry.models import ModelVersion
from catalog.registry.on_request import shows_files
from catalog.registry.queries import model_by_path, version_named
from marketplace.accounts.models import ApiToken, User
from marketplace.api.parsers import RawParser
from marketplace.api.views import ApiView
from marketplace.errors import DomainError, NotAllowed, NotFound

BYTES = {(200, "application/octet-stream"): OpenApiTypes.BINARY}
BYTES_IN = {"application/octet-stream": OpenApiTypes.BINARY}
RANGE = OpenApiParameter("Range", str, OpenApiParameter.HEADER, description="One range of bytes")
PURPOSE = OpenApiParameter("purpose", str, description=f"{gate.INSPECTION}: security looks into a quarantined file")
CHECKSUM = OpenApiParameter("X-Checksum-SHA256", str, OpenApiParameter.HEADER, description="Expected sha256; other bytes are refused")


def caller_of(request: Request) -> tuple[User, ApiToken | None]:
    """Return who calls, and the token they call with."""
    user: Any = request.user
    token: Any = request.auth
    return user, token


def version_of(request: Request, model: str, version: str) -> ModelVersion:
    """Return the version that an address names, if the caller may see it."""
    if "\0" in model + version:
        raise NotFound
    return version_named(model_by_path(request.user, model), version)


def length_of(request: Request) -> int:
    """Return how many bytes the caller announced, none when nothing was; the body is read by that number alone."""
    text = request.headers.get("Content-Length") or "0"
    if request.headers.get("Transfer-Encoding") or not text.isdigit():
        error = DomainError("The length of the body was not announced.", hint="Send a Content-Length.", code="length-required")
        error.status, error.title = 411, "Length required"
        raise error
    return int(text)


def files_are_on_request(version: ModelVersion) -> NotAllowed:
    """Say that the list is not shown, and whom to ask."""
    team = version.model.team.name
    return NotAllowed(
        f"The files of {version.model} are shown on request.",
        hint=f"Ask an owner of team {team} for access; the list is yours once you may use an approved version.",
        code="files-on-request",
    )


class FileList(ApiView):
    """The files of a version."""

    @extend_schema(operation_id="files_list", responses=FilesShape, summary="List the files of a version")
    def get(self, request: Request, team: str, name: str, version: str) -> Response:
        """List the files of a version with size and sha256; files on request only to those who may read them."""
        found = version_of(request, f"{team}/{name}", version)
        if not shows_files(request.user, found):
            raise files_are_on_request(found)
        rows = [file_shape(file) for file in files_of(found).select_related("version__model__team")]
        return Response({"results": rows, "manifest_digest": found.manifest_digest})


class FileDetail(ApiView):
    """One file of a version: download, send, remove."""

    scopes: ClassVar[dict[str, str]] = {"GET": "download", "HEAD": "download", "PUT": "publish", "DELETE": "publish"}
    parser_classes = (RawParser,)

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:  # noqa: FBT001, FBT002 - DRF's signature
        """Answer with bytes whatever a download client says it accepts."""
        return super().perform_content_negotiation(request, force=True)

    def leave(self, request: Request, team: str, name: str, version: str, path: str) -> Pass:
        """Ask the gate."""
        caller, token = caller_of(request)
        return gate.resolve_named(caller, token, (team, name, version), path, purpose=request.query_params.get("purpose"))

    @extend_schema(operation_id="files_download", parameters=[RANGE, PURPOSE], responses=BYTES, summary="Download a file")
    def get(self, request: Request, team: str, name: str, version: str, path: str) -> HttpResponseBase:
        """Download a file: approved versions with a grant; others for work on them. Send `Range` to resume."""
        leave = self.leave(request, team, name, version, path)
        if settings.FILES_URL and store.folder() is not None:
            return serving.redirect(links.address(leave))
        return answer(request, leave)

    @extend_schema(operation_id="files_head", parameters=[PURPOSE], responses={200: None}, summary="Ask about a file without its bytes")
    def head(self, request: Request, team: str, name: str, version: str, path: str) -> HttpResponseBase:
        """Say size and sha256 of a file that may be downloaded; not counted as use."""
        return serving.head(self.leave(request, team, name, version, path), request.headers)

    @extend_schema(
        operation_id="files_put",
        parameters=[CHECKSUM],
        request=BYTES_IN,
        responses={200: AddedShape, 201: AddedShape},
        summary="Send a file into a draft",
    )
    def put(self, request: Request, team: str, name: str, version: str, path: str) -> Response:
        """Send a whole file into a draft; it is hashed while it arrives and visible only when all of it is here."""
        found, length = version_of(request, f"{team}/{name}", version), length_of(request)
        expected, existed = request.headers.get("X-Checksum-SHA256"), files_of(found).filter(path=path.replace("\0", "")).exists()
        file = add_file(found, path, request._request, by=caller_of(request)[0], length=length, sha256=expected)  # noqa: SLF001 - the unread body
        return added(request, file, status=200 if existed else 201)

    @extend_schema(operation_id="files_remove", responses={204: None}, summary="Remove a file from a draft")
    def delete(self, request: Request, team: str, name: str, version: str, path: str) -> Response:
        """Remove a file from a draft."""
        remove_file(version_of(request, f"{team}/{name}", version), path, by=caller_of(request)[0])
        return Response(status=204)


class SignedBytes(ApiView):
    """The byte-serving pool: what a signed link allows, judged again."""

    authentication_classes = ()
    permission_classes = ()
    schema = None

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:  # noqa: FBT001, FBT002 - DRF's signature
        """Answer with bytes whatever a download client says it accepts."""
        return super().perform_content_negotiation(request, force=True)

    def get(self, request: Request, link: str) -> HttpResponseBase:
        """Give out the bytes."""
        return answer(request, links.redeem(link))

    def head(self, request: Request, link: str) -> HttpResponseBase:
        """Say size and sha256."""
        return serving.head(links.redeem(link), request.headers)


def answer(request: Request, leave: Pass) -> HttpResponseBase:
    """Note the read, then answer with the bytes or with where they are."""
    blob = leave.blob
    if serving.is_known(request.headers, blob.sha256):
        return serving.not_changed(leave)
    span = serving.span_of(request.headers, blob.size, blob.sha256)
    if span is not None and not span.length:
        return serving.out_of_range(leave)
    size = span.length if span else blob.size
    if store.folder() is None:
        note_read(leave, size=size)
        return serving.redirect(store.signed_url(blob.sha256, disposition=serving.disposition(leave.file.path)))
    response = serving.body(leave, span)
    note_read(leave, size=size)
    serving.release_database()
    return response


def added(request: Request, file: ModelFile, *, status: int) -> Response:
    """Answer with a file that just arrived, and what the caller may see of its copies."""
    copies = copies_for(request, file.blob_id, file.version)
    shape = added_shape(file, copies)
    return Response(shape, status=status, headers={"Location": quote(shape["url"], safe=":/@")})


def copies_for(request: Request, sha256: str, version: ModelVersion) -> list[Copy]:
    """Return the copies of these bytes elsewhere, asked in the same way whatever there is."""
    return duplicates_among(request.user, [sha256], besides=version)


class UploadList(ApiView):
    """Uploads in parts."""

    @extend_schema(
        operation_id="uploads_start", request=UploadInput, responses={200: UploadShape, 201: UploadShape}, summary="Start or find an upload"
    )
    def post(self, request: Request) -> Response:
        """Open an upload, or find the one under way for the same version, path and size."""
        asked = self.input(UploadInput)
        version = version_of(request, asked["model"], asked["version"])
        sha256 = check_sha256(asked["sha256"])
        upload, is_new = start_upload(version, asked["path"], by=caller_of(request)[0], size=asked["size"], sha256=sha256)
        copies = copies_for(request, sha256, version)
        return Response(upload_shape(upload, copies), status=201 if is_new else 200, headers={"Location": f"/api/v1/uploads/{upload.pk}"})


class UploadDetail(ApiView):
    """One upload: what has arrived; give it up."""

    @extend_schema(operation_id="uploads_show", responses=UploadShape, summary="Show an upload")
    def get(self, request: Request, pk: UUID) -> Response:
        """Say which parts have arrived."""
        upload = upload_for(request.user, pk)
        return Response(upload_shape(upload, copies_for(request, upload.sha256, upload.version)))

    @extend_schema(operation_id="uploads_cancel", responses={204: None}, summary="Give an upload up")
    def delete(self, request: Request, pk: UUID) -> Response:
        """Give an upload up; what had arrived is removed."""
        cancel_upload(upload_for(request.user, pk), by=caller_of(request)[0])
        return Response(status=204)


class UploadPart(ApiView):
    """One part of an upload."""

    parser_classes = (RawParser,)

    @extend_schema(operation_id="uploads_part", request=BYTES_IN, responses=UploadShape, summary="Send a part of an upload")
    def put(self, request: Request, pk: UUID, number: int) -> Response:
        """Send one part; sending it again replaces it."""
        upload = upload_for(request.user, pk)
        length = length_of(request)
        upload = put_part(upload, number, request._request, by=caller_of(request)[0], length=length)  # noqa: SLF001 - the unread body
        return Response(upload_shape(upload, []))


class UploadComplete(ApiView):
    """The end of an upload."""

    @extend_schema(operation_id="uploads_complete", request=CompleteInput, responses={201: AddedShape}, summary="Finish an upload")
    def post(self, request: Request, pk: UUID) -> Response:
        """Verify the whole upload and make it a file of the draft; on a mismatch 422 names both digests and the parts stay."""
        asked = self.input(CompleteInput)
        file = complete_upload(upload_for(request.user, pk), by=caller_of(request)[0], sha256=check_sha256(asked["sha256"]))
        return added(request, file, status=201)
