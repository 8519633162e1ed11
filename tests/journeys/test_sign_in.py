"""Signing in at the company's directory, a real provider beside a real site, and what may be asked beside it."""

import os
import re

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import PHONE
from tests.journeys.eyes import allow, look, watch
from tests.journeys.marks import JOURNEY
from tests.journeys.site import running
from tests.marketplace.accounts.directories import CLIENT, PASSWORD, SECRET, RealDirectory

pytestmark = [*JOURNEY, pytest.mark.full]
ROLES = "{ml-people: [team:finance-ml:contributor], it: [role:administrator]}"


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    real = RealDirectory(tmp_path_factory.mktemp("directory"), "")
    real.tell(nadia={"email": "nadia@example.com", "name": "Nadia Neu", "groups": ["ml-people"]})
    return real


@pytest.fixture(scope="module")
def company(directory):
    """A site of a company with a directory: nobody but the first administrator is there yet."""
    given = {"OIDC_ISSUER": directory.issuer, "OIDC_CLIENT_ID": CLIENT, "OIDC_CLIENT_SECRET": SECRET, "OIDC_NAME": "Example SSO", "LOCAL": "1"}
    os.environ |= given | {"OIDC_ROLES": ROLES, "MFA_REQUIRED_FOR": "administrator"}
    try:
        with running("with_directory", demo=False, beat=False) as site:
            told = site.manage("init", "--organization", "Example", "--admin", "adam", "--email", "adam@example.com", "--team", "finance-ml")
            site.passwords["adam"] = re.search(r"\S{20,}$", told, re.MULTILINE).group()
            directory.callback = f"{site.url}/login/sso/callback"
            with directory.running():
                yield site
    finally:
        for name in (*given, "OIDC_ROLES", "MFA_REQUIRED_FOR"):
            os.environ.pop(name)


@pytest.fixture
def window(company, browser):
    """A tab that watches itself, at the company's site."""
    contexts = []

    def opened(**more):
        contexts.append(browser.new_context(**({"base_url": company.url, "viewport": {"width": 1360, "height": 900}, "locale": "en-US"} | more)))
        page = watch(contexts[-1].new_page())
        page.set_default_timeout(15_000)
        return page

    yield opened
    for context in contexts:
        context.close()


def picture(page, name):
    """Keep a picture where SCREENSHOTS says so."""
    if folder := os.environ.get("SCREENSHOTS"):
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            page.screenshot(path=f"{folder}/{name}-{scheme}.png", full_page=True)


def test_nadia_comes_through_her_companys_sign_in(window):
    page = window()
    page.goto("/teams")
    expect(page).to_have_url(re.compile(r"/login\?next=/teams"))
    look(page)
    picture(page, "login-desk")
    expect(page.get_by_label("Password")).to_be_hidden()
    page.get_by_role("button", name="Sign in with Example SSO").click()
    page.locator("input[name=login]").fill("nadia")
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("button[type=submit]").first.click()
    expect(page).to_have_url(re.compile(r"/welcome"))
    look(page)
    page.get_by_role("button", name="Skip").click()
    expect(page).to_have_url(re.compile(r"/teams$"))
    expect(page.get_by_role("link", name="finance-ml").first).to_be_visible()
    page.goto("/me/settings/sign-in")
    look(page)
    expect(page.get_by_text("This browser")).to_be_visible()


def test_on_a_phone_the_page_fits(window):
    page = window(viewport=PHONE)
    page.goto("/login")
    look(page)
    page.get_by_text("Or with a password").click()
    expect(page.get_by_text("For administrators, when Example SSO is down.")).to_be_visible()
    look(page)
    picture(page, "login-phone")
    assert page.evaluate("document.scrollingElement.scrollWidth") <= PHONE["width"]


def test_the_first_administrator_adds_a_passkey_and_signs_in_with_it(company, window):
    """Under the strict policy of our pages, with an authenticator that Chromium plays."""
    page = window()
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True, "isUserVerified": True,
               "automaticPresenceSimulation": True}  # fmt: skip
    device.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    by_password(page, company)
    expect(page).to_have_url(re.compile("/me/settings/sign-in$"))
    expect(page.get_by_text("Your role asks for a second factor.")).to_be_visible()
    look(page)
    picture(page, "sign-in-settings")
    page.get_by_role("link", name="Add a passkey").click()
    look(page)
    picture(page, "confirm-password")
    page.get_by_label("Password").fill(company.passwords["adam"])
    page.get_by_role("button", name="Confirm").click()
    look(page)
    picture(page, "passkey-add")
    page.get_by_label("Name of the passkey").fill("My laptop")
    page.get_by_role("button", name="Add the passkey").click()
    expect(page.get_by_role("heading", name="Recovery codes", level=1)).to_be_visible()
    look(page)
    picture(page, "recovery-codes")
    page.get_by_role("link", name="Done").click()
    expect(page.get_by_role("cell", name="My laptop passkey")).to_be_visible()
    look(page)
    page.goto("/models")
    expect(page).to_have_url(re.compile("/models$"))

    page.context.clear_cookies()
    by_password(page, company)
    expect(page).to_have_url(re.compile("/login/confirm$"))
    look(page)
    picture(page, "second-factor")
    page.get_by_role("button", name="Use my passkey").click()
    expect(page.get_by_label("Account menu, adam")).to_be_visible()

    page.goto("/me/settings/sign-in/app")
    if "again" in page.url:
        page.get_by_role("link", name=re.compile("security key|passkey", re.IGNORECASE)).click()
        look(page)
        page.get_by_role("button", name="Use my passkey").click()
    expect(page.get_by_role("heading", name="Add an authenticator app")).to_be_visible()
    page.wait_for_function("() => document.querySelector('img.scan').naturalWidth > 0")  # it shows under the policy of our pages
    look(page)
    picture(page, "app-add")


def by_password(page, company):
    page.goto("/login")
    page.get_by_text("Or with a password").click()
    page.get_by_label("User name").fill("adam")
    page.get_by_label("Password").fill(company.passwords["adam"])
    page.get_by_role("button", name="Sign in", exact=True).click()


def test_a_directory_that_is_down_is_said_and_the_password_stays(directory, window):
    directory.process.terminate()
    directory.process.wait(10)
    page = window()
    allow(page, "503")
    page.goto("/login")
    page.get_by_role("button", name="Sign in with Example SSO").click()
    expect(page.get_by_text("Example SSO does not answer right now.")).to_be_visible()
    look(page)
    picture(page, "directory-down")
