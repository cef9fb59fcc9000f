import pytest

from production.api.settings import Settings, SettingsError, load_settings

GOOD = {
    "OAUTH2_ISSUER": "https://kc/realms/x",
    "OAUTH2_AUDIENCE": "digits",
    "OAUTH2_JWKS_URI": ".well-known/jwks.json",
}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch):
    def set_environment(**changes: str) -> None:
        for name, value in (GOOD | changes).items():
            monkeypatch.setenv(name, value)

    return set_environment


@pytest.mark.parametrize(
    ("issuer", "uri", "url"),
    [
        (
            "https://kc/realms/x",
            ".well-known/jwks.json",
            "https://kc/realms/x/.well-known/jwks.json",
        ),
        ("https://kc/realms/x/", "certs", "https://kc/realms/x/certs"),
        (
            "https://a.auth0.com/",
            ".well-known/jwks.json",
            "https://a.auth0.com/.well-known/jwks.json",
        ),
        (
            "http://identity:9000",
            ".well-known/jwks.json",
            "http://identity:9000/.well-known/jwks.json",
        ),
        ("https://kc/realms/x", "/keys", "https://kc/keys"),
        ("https://kc/realms/x", "https://keys.example/jwks", "https://keys.example/jwks"),
    ],
)
def test_jwks_uri_is_relative_to_the_issuer_as_a_folder(environment, issuer, uri, url):
    environment(OAUTH2_ISSUER=issuer, OAUTH2_JWKS_URI=uri)
    settings = load_settings()
    assert settings.jwks_url == url
    assert settings.oauth2_issuer == issuer


def test_every_problem_is_told_at_once(environment):
    environment(OAUTH2_ISSUER="ftp://kc", OAUTH2_AUDIENCE="  ", OAUTH2_JWKS_URI="")
    with pytest.raises(SettingsError) as caught:
        load_settings()
    issuer, audience, jwks_uri = caught.value.problems
    assert issuer.startswith("OAUTH2_ISSUER is invalid: ")
    assert audience.startswith("OAUTH2_AUDIENCE is invalid: ")
    assert jwks_uri == "OAUTH2_JWKS_URI is not set"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OAUTH2_ISSUER", "kc/realms/x"),
        ("OAUTH2_ISSUER", "https://"),
        ("OAUTH2_ISSUER", "https://kc:port/"),
        ("OAUTH2_ISSUER", "https://kc/?realm=x"),
        ("OAUTH2_ISSUER", "https://kc/#x"),
        ("OAUTH2_JWKS_URI", "file:///etc/passwd"),
        ("OAUTH2_JWKS_URI", "https://"),
        ("PORT", "http"),
    ],
)
def test_an_invalid_setting_is_named(environment, name, value):
    environment(**{name: value})
    with pytest.raises(SettingsError) as caught:
        load_settings()
    (problem,) = caught.value.problems
    assert problem.startswith(f"{name} is invalid: ")


def test_settings_cannot_change():
    settings = Settings(**{name.lower(): value for name, value in GOOD.items()})
    with pytest.raises(ValueError, match="frozen"):
        settings.oauth2_audience = "another"
