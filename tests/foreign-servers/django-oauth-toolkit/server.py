"""An authorization server on Django OAuth Toolkit, and an API that accepts its tokens.

Reads clients.json of the working directory, a list of clients with the members of RFC 7591 §2. Listens on a free port of
127.0.0.1, and prints its origin when it is ready.
"""

import json
import os

import django
from django.conf import settings

settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "django.sqlite"}},
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "oauth2_provider"],
    # Of the middleware that `django-admin startproject` sets up, the one that redirects to the URL with a trailing slash.
    MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
    # Creates the tables without the history of migrations, which takes a second or two.
    MIGRATION_MODULES={"auth": None, "contenttypes": None, "oauth2_provider": None},
    OAUTH2_PROVIDER={
        "OIDC_ENABLED": True,
        "SCOPES": {"orders:read": "Read orders", "orders:write": "Write orders"},
    },
    ROOT_URLCONF=__name__,
    SECRET_KEY=os.urandom(32).hex(),
    USE_TZ=True,
)
django.setup()

# Models can only be imported after the setup.
from django.core.management import call_command
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import include, path
from oauth2_provider.decorators import protected_resource
from oauth2_provider.models import Application


@protected_resource()
def orders(request):
    return HttpResponse("the orders")


urlpatterns = [path("o/", include("oauth2_provider.urls")), path("orders", orders)]

call_command("migrate", run_syncdb=True, verbosity=0)
with open("clients.json", encoding="utf-8") as file:
    for client in json.load(file):
        Application.objects.create(
            client_id=client["client_id"],
            client_secret=client["client_secret"],
            client_type=Application.CLIENT_CONFIDENTIAL,
            authorization_grant_type=Application.GRANT_CLIENT_CREDENTIALS,
        )

server = ThreadedWSGIServer(("127.0.0.1", 0), WSGIRequestHandler)
server.set_app(get_wsgi_application())
print(f"http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
