"""Key rotation, the sealed text's form, and the keyring file."""

from __future__ import annotations

import json
import re
import threading
from pathlib import Path

import pytest

from adapters.security import AesGcmCipher, Keyring, Keys, generate_key, open_keyring
from flowcore.errors import InvalidInputError, UnavailableError


def test_the_sealed_text_names_its_form_and_key() -> None:
    sealed = AesGcmCipher(Keys.single(generate_key(), "2026-01")).encrypt("secret", context="cluster:1")
    assert re.fullmatch(r"v1:2026-01:[A-Za-z0-9_-]+", sealed)


def test_what_an_older_key_sealed_is_read_and_marked_for_sealing_anew() -> None:
    keys = Keys.single(generate_key())
    old = AesGcmCipher(keys).encrypt("secret", context="cluster:1")
    cipher = AesGcmCipher(keys.rotated(generate_key(), "2"))
    new = cipher.encrypt(cipher.decrypt(old, context="cluster:1"), context="cluster:1")
    assert (cipher.is_current(old), cipher.is_current(new)) == (False, True)
    assert cipher.decrypt(new, context="cluster:1") == "secret"


def test_a_sealed_text_cannot_be_moved_to_another_key_id() -> None:
    key = generate_key()
    sealed = AesGcmCipher(Keys.single(key, "a")).encrypt("secret", context="cluster:1")
    with pytest.raises(InvalidInputError):
        AesGcmCipher(Keys("b", {"a": key, "b": key})).decrypt(sealed.replace("v1:a:", "v1:b:"), context="cluster:1")


def test_only_one_spelling_of_a_sealed_text_is_accepted() -> None:
    cipher = AesGcmCipher(Keys.single(generate_key()))
    sealed = cipher.encrypt("12", context="cluster:1")
    assert cipher.decrypt(sealed, context="cluster:1") == "12"
    for other in (sealed + "=", sealed + "\n", sealed[:9] + "\n" + sealed[9:], sealed[:9] + "!" + sealed[9:]):
        with pytest.raises(InvalidInputError):
            cipher.decrypt(other, context="cluster:1")


def test_every_problem_of_keys_is_said_at_once_and_none_is_shown() -> None:
    with pytest.raises(InvalidInputError) as refused:
        Keys("z", {"a:b": b"topsecret", "c": b""})
    assert len(refused.value.findings) == 4
    assert "topsecret" not in str(refused.value)


def test_the_keyring_is_made_on_first_use_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "new" / "keyring.json"
    made = open_keyring(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o077 == 0
    assert open_keyring(path) == made
    assert made.tokens.newest != made.encryption.newest
    assert [entry.name for entry in path.parent.iterdir()] == ["keyring.json"]


def test_processes_that_start_together_get_the_same_keys(tmp_path: Path) -> None:
    rings: list[Keyring] = []
    barrier = threading.Barrier(8)

    def start() -> None:
        barrier.wait()
        rings.append(open_keyring(tmp_path / "keyring.json"))

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(rings) == 8
    assert all(ring == rings[0] for ring in rings)


@pytest.mark.parametrize("mode", [0o604, 0o640 | 0o004, 0o660, 0o602, 0o777])
def test_a_keyring_that_is_open_to_others_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "keyring.json"
    open_keyring(path)
    path.chmod(mode)
    with pytest.raises(InvalidInputError, match="open to others"):
        open_keyring(path)


def test_a_keyring_that_its_group_may_read_is_accepted(tmp_path: Path) -> None:
    path = tmp_path / "keyring.json"
    made = open_keyring(path)
    path.chmod(0o640)
    assert open_keyring(path) == made


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", "nonsense", '{"tokens": {}}', '{"tokens": 1, "encryption": 2}', "[" * 100_000, "\0\xff"],
)
def test_another_files_content_is_refused_and_not_quoted_or_overwritten(tmp_path: Path, content: str) -> None:
    path = tmp_path / "keyring.json"
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(InvalidInputError) as refused:
        open_keyring(path)
    assert "nonsense" not in str(refused.value)
    assert path.read_text() == content


def test_a_damaged_key_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "keyring.json"
    open_keyring(path)
    document = json.loads(path.read_text())
    document["encryption"]["keys"]["1"] = "c2hvcnQ="
    path.write_text(json.dumps(document))
    with pytest.raises(InvalidInputError, match="32 bytes"):
        open_keyring(path)


def test_a_place_where_nothing_can_be_kept_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UnavailableError, match="cannot be opened"):
        open_keyring(tmp_path / "file" / "keyring.json")


def test_the_keyring_shows_no_key(tmp_path: Path) -> None:
    assert repr(open_keyring(tmp_path / "keyring.json")) == "Keyring()"
