"""Keys of labels and the content-addressed store.

A label belongs to a geometry, a charge and a protocol; their hash is its key. The store keeps
one JSON file a label, written whole at the moment the label is finished, so a killed shard
loses only what was being computed.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Collection, Iterable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ionshift.config.protocol import Protocol
from ionshift.core.errors import InputError
from ionshift.core.files import alone, atomic_path

if TYPE_CHECKING:
    from ase import Atoms

ENGINE_VERSION = 1
"""Part of every key: raised when the shielding engine changes its numbers."""
KEY_DECIMALS = 4
AGREEMENT_PPM = 0.01
FINGERPRINT = "sha256"
HASHED_ALWAYS = (
    "functional",
    "basis_centre",
    "basis_near",
    "basis_far",
    "near_elements",
    "near_cutoff_A",
    "auxbasis",
    "grid_level",
    "scf_conv_tol",
    "cphf_tol",
    "max_scf_cycles",
)
"""The protocol's first keys. A key added later enters the hash only away from its default, so
that a new option leaves the labels that do not use it valid."""
STATUSES = ("ok", "unconverged", "failed")


def protocol_hash(protocol: Protocol) -> str:
    """Short hash of all that changes the number: the protocol's fields, the engine's version."""
    counted = {
        name: value
        for name, value in protocol.model_dump(mode="json").items()
        if name in HASHED_ALWAYS or value != Protocol.model_fields[name].get_default()
    }
    return content_hash({"engine": ENGINE_VERSION, **counted})[:16]


def label_key(atoms: Atoms, charge: int, protocol: Protocol) -> str:
    """Key of a label: hash of elements, positions relative to the nucleus, charge, protocol.

    Positions count to 1e-4 A. The nucleus is atom 0.
    """
    steps = np.rint((atoms.positions - atoms.positions[0]) * 10**KEY_DECIMALS).astype(int)
    return content_hash(
        {
            "numbers": atoms.numbers.tolist(),
            "positions": steps.tolist(),
            "charge": int(charge),
            "spin": 0,
            "protocol": protocol_hash(protocol),
        }
    )


def nuclei_of(atoms: Atoms, elements: Collection[str]) -> list[int]:
    """Atoms of these elements, as indices; the centre, atom 0, is left out."""
    return [index for index, symbol in enumerate(atoms.symbols) if index and symbol in elements]


def is_enough(record: Mapping[str, Any], nuclei: Iterable[int]) -> bool:
    """Whether a finished label has the tensors of these atoms, if it is ok at all."""
    return record["status"] != "ok" or {str(index) for index in nuclei} <= set(
        tensors_by_atom(record)
    )


def tensors_by_atom(record: Mapping[str, Any]) -> dict[str, Any]:
    """Tensors of a record by atom; the index is text, as JSON has it."""
    return record.get("nuclei") or {}


def content_hash(content: Any) -> str:
    """SHA-256 of what can be written as JSON."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


class LabelStore:
    """A folder of finished labels, one JSON file each, named by key.

    Two ok records of one key must agree in `quantity` within `tolerance`. `folder_key` is the
    configuration's key of the folder.
    """

    def __init__(
        self,
        folder,
        quantity="shielding_ppm",
        tolerance=AGREEMENT_PPM,
        folder_key="labelling.store",
    ):
        self.folder = Path(folder)
        self.quantity = quantity
        self.tolerance = tolerance
        self.folder_key = folder_key

    def path(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}.json"

    def __contains__(self, key):
        return self.path(key).is_file()

    def get(self, key: str) -> dict[str, Any]:
        """Return the record of `key`.

        Raises
        ------
        KeyError
            if it is not in the store
        InputError
            if the file is damaged
        """
        path = self.path(key)
        if not path.is_file():
            raise KeyError(key)
        try:
            content = json.loads(path.read_text())
            record = content["record"]
            intact = content["key"] == key and content[FINGERPRINT] == content_hash(record)
        except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError):
            intact = False
        if not intact:
            raise InputError(
                f"label file {path} is damaged (truncated or edited); delete it and rerun: "
                "this label alone is computed again"
            )
        return record

    def put(self, key: str, record: dict[str, Any]) -> None:
        """Store a finished record.

        An ok record replaces a failed one, never the other way round. An ok record that is there
        stays and gains the nuclei that it lacks.

        Raises
        ------
        InputError
            if the store already has another value for this key.
        """
        record = json.loads(json.dumps(record))
        if key in self:
            known = self.get(key)
            if known["status"] == "ok":
                self._check_agreement(key, known, record)
                if (
                    record["status"] != "ok"
                    or tensors_by_atom(record).keys() <= tensors_by_atom(known).keys()
                ):
                    return
                record = known | {"nuclei": tensors_by_atom(record) | tensors_by_atom(known)}
        content = {"key": key, FINGERPRINT: content_hash(record), "record": record}
        self._write(self.path(key), content)
        if record["status"] == "ok":
            self._failure_path(key).unlink(missing_ok=True)

    def _write(self, where, content):
        try:
            with atomic_path(where) as path:
                path.write_text(json.dumps(content))
        except OSError as error:
            raise InputError(
                f"cannot write {where} ({error.strerror}); finished labels are kept: make room "
                f"or change {self.folder_key}, then rerun"
            ) from None

    def _check_agreement(self, key, known, record):
        if record["status"] != "ok":
            return
        old, new = known[self.quantity], record[self.quantity]
        if abs(old - new) > self.tolerance:
            raise InputError(
                f"two values for label {key}: {self.quantity} is {old:.4f} in {self.path(key)} "
                f"and {new:.4f} now; one of them is wrong, delete the one you do not trust"
            )

    def discard(self, key: str) -> bool:
        """Put a record that is not ok aside, to be computed again; True if there was one.

        `last_failure` still returns it.
        """
        if key not in self or self.get(key)["status"] == "ok":
            return False
        os.replace(self.path(key), self._failure_path(key))
        return True

    def last_failure(self, key: str) -> dict[str, Any] | None:
        """The record that `discard` put aside, or None."""
        try:
            return json.loads(self._failure_path(key).read_text())["record"]
        except (FileNotFoundError, ValueError, KeyError):
            return None

    def _failure_path(self, key):
        return self.path(key).with_suffix(".failed")

    def set_damaged_aside(self, key: str) -> Path | None:
        """Rename a damaged file to `.damaged`; returns its new path, None for an intact one."""
        try:
            self.get(key)
        except InputError:
            aside = self.path(key).with_suffix(".damaged")
            os.replace(self.path(key), aside)
            return aside
        except KeyError:
            pass
        return None

    def claim(self, key: str) -> AbstractContextManager[None]:
        """Context that holds the right to compute `key`; waits while another process holds it."""
        return alone(self.path(key).with_suffix(".lock"))

    def note_protocol(self, name: str, protocol: Protocol) -> list[tuple[str, dict[str, Any]]]:
        """Remember what a protocol's name stands for.

        Returns
        -------
        list of (hash, settings) that the name stood for before
        """
        folder = self.folder / "protocols" / name
        now = protocol_hash(protocol)
        self._write(folder / f"{now}.json", protocol.model_dump(mode="json"))
        return [
            (path.stem, json.loads(path.read_text()))
            for path in sorted(folder.glob("*.json"))
            if path.stem != now
        ]
