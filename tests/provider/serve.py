"""`python -m tests.provider.serve PORT PEOPLE.json CALLBACK`: a real OpenID provider on loopback, with people as the file says at that moment.

PEOPLE.json: {"bea": {"sub": "…", "email": "…", "name": "…", "groups": […]}, …}; everybody's password is `at-the-directory`.
"""

import json
import socketserver
import sys
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import django
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings

PASSWORD, CLIENT, SECRET = "at-the-directory", "marketplace", "shared-with-the-directory"
PORT, PEOPLE, CALLBACK = (*sys.argv, "0", "", "")[1:4]
DATABASE = f"{PEOPLE}.sqlite3"


def people():
    return json.loads(Path(PEOPLE).read_text())


def private_key():
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()


def configure():
    settings.configure(
        DEBUG=False, SECRET_KEY="of-the-directory-alone-" * 3, ALLOWED_HOSTS=["127.0.0.1", "localhost"], ROOT_URLCONF="tests.provider.urls", USE_TZ=True,
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "django.contrib.messages",
                        "allauth", "allauth.account", "allauth.idp.oidc"],
        MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware", "django.middleware.csrf.CsrfViewMiddleware",
                    "django.contrib.auth.middleware.AuthenticationMiddleware", "django.contrib.messages.middleware.MessageMiddleware",
                    "allauth.account.middleware.AccountMiddleware"],
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True, "OPTIONS": {"context_processors": [
            "django.template.context_processors.request", "django.contrib.auth.context_processors.auth",
            "django.contrib.messages.context_processors.messages"]}}],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": DATABASE}}, DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        AUTHENTICATION_BACKENDS=["allauth.account.auth_backends.AuthenticationBackend"], ACCOUNT_LOGIN_METHODS={"username"},
        ACCOUNT_EMAIL_VERIFICATION="none", ACCOUNT_SIGNUP_FIELDS=["username*", "password1*"], ACCOUNT_RATE_LIMITS=False,
        SESSION_COOKIE_NAME="directory-session", CSRF_COOKIE_NAME="directory-csrf", PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        IDP_OIDC_PRIVATE_KEY=private_key(), IDP_OIDC_ADAPTER="tests.provider.adapter.Adapter",
    )  # fmt: skip
    django.setup()


def fill():
    from allauth.idp.oidc.models import Client
    from django.contrib.auth.models import User
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    for name in people():
        User.objects.create_user(name, password=PASSWORD)
    client = Client(id=CLIENT, name="Marketplace", type=Client.Type.CONFIDENTIAL, skip_consent=True)
    client.set_secret(SECRET)
    client.set_redirect_uris([CALLBACK])
    client.set_scopes(["openid", "profile", "email"])
    client.save()


class Quiet(WSGIRequestHandler):
    def log_message(self, *args):
        pass


class Threads(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True


if __name__ == "__main__":
    configure()
    fill()
    from django.core.wsgi import get_wsgi_application

    make_server("127.0.0.1", int(PORT), get_wsgi_application(), Threads, Quiet).serve_forever()
