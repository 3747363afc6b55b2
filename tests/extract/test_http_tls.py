"""Certificates of an authority that nobody knows are refused, unless the person names it."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from extract.faults import SourceError
from extract.limits import HttpPolicy
from tests.extract.answers import all_landed
from tests.extract.local_server import Answer, serving

MARKETS = ("markets", "/coins/markets", {"vs_currency": "usd"})


def write_certificate(folder: Path) -> Path:
    """A self-signed certificate for 127.0.0.1 and CoinGecko, and its key, in one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a private authority")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2000, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2200, 1, 1, tzinfo=UTC))
        .add_extension(
            x509.SubjectAlternativeName(
                [x509.IPAddress(IPv4Address("127.0.0.1")), x509.DNSName("api.coingecko.com")]
            ),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "authority.pem"
    path.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def url(authority: Path) -> Iterator[str]:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(authority)
    with serving(lambda path, headers: Answer("[]"), tls) as url:
        yield url


def test_an_unknown_authority_is_refused_and_the_way_out_is_named(
    url, make_source, fake_time, settings
) -> None:
    with pytest.raises(SourceError, match="TLS certificate was not accepted") as error:
        make_source(url).get(*MARKETS)
    assert "CRYPTO_CA_BUNDLE" in str(error.value)
    assert "127.0.0.1" not in str(error.value)
    assert all_landed(settings.landing_dir) == []


def test_an_authority_that_is_given_is_accepted(url, authority, make_source) -> None:
    assert make_source(url, HttpPolicy(ca_bundle=authority)).get(*MARKETS) == []


def test_the_authority_that_is_given_goes_over_that_of_the_environment(
    url, authority, make_source, monkeypatch, tmp_path
) -> None:
    other = write_certificate(tmp_path)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(other))
    assert make_source(url, HttpPolicy(ca_bundle=authority)).get(*MARKETS) == []


@pytest.mark.parametrize("text", ["", "no certificate"])
def test_a_file_without_an_authority_is_refused_in_the_same_words(
    url, make_source, fake_time, tmp_path, text
) -> None:
    bundle = tmp_path / "bundle.pem"
    bundle.write_text(text)
    with pytest.raises(SourceError, match="CRYPTO_CA_BUNDLE"):
        make_source(url, HttpPolicy(ca_bundle=bundle)).get(*MARKETS)
