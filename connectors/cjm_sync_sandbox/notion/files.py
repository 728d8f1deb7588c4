"""Pictures and other files: the upload life cycle, and how files are attached and read back."""

from __future__ import annotations

import base64
import mimetypes
from datetime import datetime, timedelta
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any

from cjm_sync_sandbox.notion.checks import (
    need_number,
    need_object,
    need_one_of,
    need_text,
    need_url,
    only,
    undefined,
    uuid_of,
)
from cjm_sync_sandbox.notion.dates import iso_minute, iso_ms
from cjm_sync_sandbox.notion.errors import Json, invalid
from cjm_sync_sandbox.notion.requests import Call
from cjm_sync_sandbox.notion.state import Workspace, listing, page_of_list
from cjm_sync_sandbox.notion.text import parse_rich_text

MEGABYTE = 1024 * 1024
SINGLE_PART = 20 * MEGABYTE
PART_RANGE = (5 * MEGABYTE, 20 * MEGABYTE)
FILE_LIMITS = {"free": 5 * MEGABYTE}
PAID_LIMIT = 5 * 1024 * MEGABYTE
NAME_BYTES = 900
PARTS = 1_000
UNATTACHED = timedelta(hours=1)
FILE_KINDS = ("external", "file_upload", "file")


def file_limit(plan: str) -> int:
    """Return how large one file may be on *plan*, in bytes."""
    return FILE_LIMITS.get(plan, PAID_LIMIT)


def parse_file(ws: Workspace, given: Json, path: str) -> Json:
    """Check a file reference of a cell, block, icon or cover, and return it as kept."""
    only(given, ("type", "name", "caption", *FILE_KINDS), path)
    kinds = [kind for kind in FILE_KINDS if kind in given]
    if len(kinds) != 1:
        raise undefined(f"{path}.{given.get('type') or 'external'}")
    kind = kinds[0]
    need_one_of(given.get("type", kind), FILE_KINDS, f"{path}.type")
    holder = need_object(given[kind], f"{path}.{kind}")
    kept: Json = {}
    if given.get("name") is not None:
        kept["name"] = need_text(given["name"], f"{path}.name", limit=100)
    if "caption" in given:
        kept["caption"] = parse_rich_text(given["caption"], f"{path}.caption")
    if kind == "file_upload":
        upload_id = uuid_of(holder.get("id"), f"{path}.file_upload.id")
        upload = _upload(ws, upload_id)
        if upload["status"] != "uploaded":
            raise invalid(
                f"File upload {upload_id} has status {upload['status']}; only uploaded files can"
                " be attached."
            )
        ws.attaching.add(upload_id)
        return {"type": "file_upload", "file_upload": {"id": upload_id}, **kept}
    address = need_url(holder.get("url"), f"{path}.{kind}.url")
    if kind == "file":
        # An existing hosted file sent back: found again by the upload id in its address.
        for upload_id in ws.tables["uploads"]:
            if upload_id in address:
                return {"type": "file_upload", "file_upload": {"id": upload_id}, **kept}
        raise invalid(f"{path}.file.url is not a file of this workspace.")
    return {"type": "external", "external": {"url": address}, **kept}


def show_file(ws: Workspace, kept: Json) -> Json:
    """Return a file as it reads back; an uploaded one has an address that is good for an hour."""
    rest = {key: kept[key] for key in ("name",) if key in kept}
    if kept["type"] != "file_upload":
        return {**rest, **{k: v for k, v in kept.items() if k not in {"name", "caption"}}}
    upload_id = kept["file_upload"]["id"]
    upload = ws.tables["uploads"][upload_id]
    expires = iso_ms(ws.now() + UNATTACHED)
    name = upload["filename"] or "file"
    address = f"https://files.notion.invalid/{upload_id}/{name}?expires={expires}"
    if "name" not in rest and "caption" not in kept:
        rest["name"] = name
    return {**rest, "type": "file", "file": {"url": address, "expiry_time": expires}}


def show_picture(ws: Workspace, kept: Json | None) -> Json | None:
    """Return an icon or cover as it reads back."""
    if kept is None or kept["type"] != "file_upload":
        return kept
    shown = show_file(ws, kept)
    shown.pop("name", None)
    return shown


def _upload(ws: Workspace, upload_id: str) -> Json:
    upload = ws.find("uploads", upload_id, "file_upload")
    if (
        upload["status"] in {"pending", "uploaded"}
        and not upload["attached"]
        and ws.now() >= datetime.fromisoformat(upload["expires_at"])
    ):
        upload["status"] = "expired"
    return upload


def show_upload(upload: Json) -> Json:
    """Return a file upload as the API answers it."""
    shown: Json = {
        "object": "file_upload",
        "id": upload["id"],
        "created_time": upload["created_time"],
        "created_by": {"id": upload["created_by"], "type": "bot"},
        "last_edited_time": upload["last_edited_time"],
        "expiry_time": None
        if upload["attached"]
        else iso_minute(datetime.fromisoformat(upload["expires_at"])),
        "in_trash": False,
        "status": upload["status"],
        "filename": upload["filename"],
        "content_type": upload["content_type"],
        "content_length": upload["size"],
    }
    if upload["status"] == "pending":
        shown["upload_url"] = f"https://api.notion.com/v1/file_uploads/{upload['id']}/send"
    if upload["parts"]:
        shown["number_of_parts"] = {"total": upload["parts"], "sent": len(upload["sent"])}
    return shown


def create_upload(ws: Workspace, call: Call) -> Json:
    """POST /file_uploads."""
    body = call.body_of("mode", "filename", "content_type", "number_of_parts", "external_url")
    mode = need_one_of(
        body.get("mode", "single_part"), ("single_part", "multi_part", "external_url"), "body.mode"
    )
    name = body.get("filename")
    if mode != "single_part" and name is None:
        raise undefined("body.filename")
    if name is not None:
        need_text(name, "body.filename")
        if len(name.encode()) > NAME_BYTES:
            raise invalid(f"body failed validation: body.filename exceeds {NAME_BYTES} bytes.")
    kind = body.get("content_type")
    guessed = mimetypes.guess_type(name)[0] if name else None
    if kind is not None and guessed is not None and need_text(kind, "body.content_type") != guessed:
        raise invalid(f"The content type {kind} does not match the file extension of {name}.")
    parts = 0
    if mode == "multi_part":
        parts = int(need_number(body.get("number_of_parts"), "body.number_of_parts"))
        if not 1 <= parts <= PARTS:
            raise invalid(f"body.number_of_parts should be between 1 and {PARTS}.")
    upload: Json = {
        "id": ws.new_id(), "filename": name, "content_type": kind or guessed, "mode": mode,
        "parts": parts, "sent": {}, "size": None, "content": "", "attached": False,
        "status": "pending", "expires_at": (ws.now() + UNATTACHED).isoformat(), **ws.stamp(),
    }  # fmt: skip
    if mode == "external_url":
        need_url(body.get("external_url"), "body.external_url")
        upload["status"] = "uploaded"
    ws.tables["uploads"][upload["id"]] = upload
    return show_upload(upload)


def send_upload(ws: Workspace, call: Call) -> Json:
    """POST /file_uploads/{id}/send, a multipart form."""
    upload = _upload(ws, call.ids[0])
    if upload["status"] != "pending":
        raise invalid(f"File upload {upload['id']} has status {upload['status']}, not pending.")
    form = _parse_form(call)
    if "file" not in form:
        raise undefined("body.file")
    content, kind = form["file"]
    limit = file_limit(ws.facts["plan"])
    if len(content) > min(limit, SINGLE_PART):
        raise invalid(f"The file exceeds the limit of {min(limit, SINGLE_PART)} bytes.")
    if not content:
        raise invalid("The file is empty.")
    if upload["parts"]:
        number = form.get("part_number", (b"", ""))[0].decode()
        if not number.isdigit() or not 1 <= int(number) <= upload["parts"]:
            raise invalid(f"body.part_number should be between 1 and {upload['parts']}.")
        if int(number) < upload["parts"] and len(content) < PART_RANGE[0]:
            raise invalid("Every part but the last has at least 5 MB.")
        upload["sent"][number] = base64.b64encode(content).decode()
        return show_upload(upload)
    if upload["content_type"] and kind and kind != upload["content_type"]:
        raise invalid(f"The content type {kind} is not the one announced.")
    upload["content_type"] = upload["content_type"] or kind or "application/octet-stream"
    upload["content"] = base64.b64encode(content).decode()
    upload["size"] = len(content)
    upload["status"] = "uploaded"
    return show_upload(upload)


def _parse_form(call: Call) -> dict[str, tuple[bytes, str]]:
    if not call.content_type.startswith("multipart/form-data"):
        raise invalid("Content-Type should be multipart/form-data.")
    head = f"Content-Type: {call.content_type}\r\n\r\n".encode("latin-1")
    message = BytesParser(policy=HTTP).parsebytes(head + call.raw)
    form: dict[str, tuple[bytes, str]] = {}
    for part in message.iter_parts():
        name = part.get_param("name", header="content-disposition")
        content: Any = part.get_payload(decode=True)
        form[str(name)] = (bytes(content or b""), part.get_content_type())
    return form


def complete_upload(ws: Workspace, call: Call) -> Json:
    """POST /file_uploads/{id}/complete, after every part was sent."""
    upload = _upload(ws, call.ids[0])
    if not upload["parts"] or upload["status"] != "pending":
        raise invalid(f"File upload {upload['id']} is not a pending multi-part upload.")
    if len(upload["sent"]) != upload["parts"]:
        raise invalid(
            f"File upload {upload['id']} has {len(upload['sent'])} of {upload['parts']} parts."
        )
    whole = b"".join(
        base64.b64decode(upload["sent"][str(number)]) for number in range(1, upload["parts"] + 1)
    )
    upload["content"], upload["size"] = base64.b64encode(whole).decode(), len(whole)
    upload["sent"], upload["status"] = {}, "uploaded"
    return show_upload(upload)


def get_upload(ws: Workspace, call: Call) -> Json:
    """GET /file_uploads/{id}."""
    return show_upload(_upload(ws, call.ids[0]))


def list_uploads(ws: Workspace, call: Call) -> Json:
    """GET /file_uploads?status=."""
    wanted = call.first("status")
    if wanted is not None:
        need_one_of(wanted, ("pending", "uploaded", "expired", "failed"), "query.status")
    held = [show_upload(_upload(ws, one)) for one in ws.tables["uploads"]]
    shown = [one for one in held if wanted in {None, one["status"]}]
    names = [str(one["id"]) for one in shown]
    results, follows = page_of_list(shown, names, *call.paging())
    return listing(results, follows, "file_upload")
