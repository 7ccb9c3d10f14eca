"""Serves the list call of P2 with Django REST framework, an API key package and a request tracking package.

As their documentation has it: a viewset with page number pagination (which counts), a serializer,
the key's permission class, the tracking mixin that stores a row for each request. SQLite with a
write-ahead log, as ours. No rate limit: its throttle keeps a list of all calls of the hour in the
cache, and would grow slower with every round.

Runs in its own environment: `python bench/drf/application.py FOLDER` prints its key and its port.
"""

import secrets
import sys
from pathlib import Path

import django
from django.conf import settings

FOLDER = Path(sys.argv[1])
ROOT = Path(__file__).resolve().parents[2]
sys.path[0] = str(ROOT)

settings.configure(
    SECRET_KEY=secrets.token_hex(32),
    DEBUG=False,
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    USE_TZ=True,
    INSTALLED_APPS=[
        "django.contrib.contenttypes", "django.contrib.auth", "rest_framework", "rest_framework_api_key",
        "rest_framework_tracking",
    ],
    MIDDLEWARE=["django.middleware.security.SecurityMiddleware", "django.middleware.common.CommonMiddleware"],
    DATABASES={"default": {
        "ENGINE": "django.db.backends.sqlite3", "NAME": str(FOLDER / "drf.db"), "CONN_MAX_AGE": None,
        "OPTIONS": {"init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL", "timeout": 5},
    }},
    REST_FRAMEWORK={
        "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.PageNumberPagination", "PAGE_SIZE": 20,
        "DEFAULT_AUTHENTICATION_CLASSES": [],
        "DEFAULT_PERMISSION_CLASSES": ["rest_framework_api_key.permissions.HasAPIKey"],
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    },
)
django.setup()

from django.core.management import call_command  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.db import connection, connections, models  # noqa: E402
from django.urls import path  # noqa: E402
from rest_framework import generics, serializers  # noqa: E402
from rest_framework_api_key.models import APIKey  # noqa: E402
from rest_framework_tracking.mixins import LoggingMixin  # noqa: E402

from server.listening import listen  # noqa: E402
from server.serving import run  # noqa: E402

THREADS = 8


class Product(models.Model):
    """The columns that our list shows."""

    name = models.CharField(max_length=200)
    description = models.TextField()
    price = models.DecimalField(max_digits=18, decimal_places=6)
    currency = models.CharField(max_length=3, default="EUR")
    sku = models.CharField(max_length=100)
    category = models.CharField(max_length=100)
    unit = models.CharField(max_length=32)
    kind = models.CharField(max_length=16, default="PRODUCT")
    active = models.BooleanField(default=True)
    details = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        app_label = "bench"


class ProductSerializer(serializers.ModelSerializer):
    class Meta:
        model = Product
        fields = "__all__"


class Products(LoggingMixin, generics.ListAPIView):
    queryset = Product.objects.order_by("-created_at", "-id")
    serializer_class = ProductSerializer


urlpatterns = [path("products", Products.as_view())]


def prepare() -> str:
    """Tables, twenty products, a key."""
    call_command("migrate", verbosity=0)
    with connection.schema_editor() as editor:
        editor.create_model(Product)
    for number in range(20):
        Product.objects.create(
            name=f"Product {number}", description=f"What product {number} is good for", price=number + 1,
            sku=f"SKU-{number:05d}", category="Bench", unit="piece",
        )
    key: str = APIKey.objects.create_key(name="Bench")[1]
    connections.close_all()
    return key


if __name__ == "__main__":
    key = prepare()
    (FOLDER / "key").write_text(key)
    listening = listen("127.0.0.1", 0)
    print(listening.getsockname()[1], flush=True)
    run(get_wsgi_application(), listening, lambda *_: [sys.executable, "-c", ""], workers=1, threads=THREADS)
