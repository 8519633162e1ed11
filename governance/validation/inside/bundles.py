"""A signature over a model, as OpenSSF Model Signing writes it: taken apart here, judged outside."""

import json
from collections.abc import Mapping
from typing import Any

ENDINGS = (".sig", ".sig.json", ".sigstore", ".sigstore.json")
NAMES = frozenset({"signature.json"})
MOST_PAYLOAD = 4_000_000
MOST_CERTIFICATES = 10


def is_one(name: str) -> bool:
    """Whether a file holds a signature, by its name."""
    base = name.rpartition("/")[2].lower()
    return base.endswith(ENDINGS) or base in NAMES


def read(text: str) -> dict[str, Any]:
    """Return the parts of the bundle that a signature is verified by; "broken" with the reason when it is none."""
    try:
        return {"bundle": _parts(json.loads(text))}
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError, IndexError) as fault:
        return {"broken": f"{type(fault).__name__}: {fault}"[:200]}


def _parts(value: Mapping[str, Any]) -> dict[str, Any]:
    envelope, material = value["dsseEnvelope"], value["verificationMaterial"]
    payload = envelope["payload"]
    if not isinstance(payload, str) or len(payload) > MOST_PAYLOAD:
        raise ValueError("the signed list is missing or too long")
    chain = material.get("x509CertificateChain", {}).get("certificates", [])
    single = [material["certificate"]] if "certificate" in material else []
    return {
        "media_type": str(value.get("mediaType", ""))[:200],
        "payload_type": str(envelope["payloadType"])[:200],
        "payload": payload,
        "signature": str(envelope["signatures"][0]["sig"])[:10_000],
        "certificates": [str(item["rawBytes"])[:20_000] for item in [*chain, *single][:MOST_CERTIFICATES]],
        "hint": str(material.get("publicKey", {}).get("hint") or "")[:200],
        "logged": bool(material.get("tlogEntries")),
    }
