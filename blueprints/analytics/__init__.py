"""Pages about the API's traffic: figures and charts, the request log, single requests, exports."""

from flask import Blueprint

from blueprints import _csrf, _errors, _session
from blueprints.analytics import report, requests

bp = Blueprint("analytics", __name__, url_prefix="/admin")
_session.guard(bp)
_csrf.attach(bp)
_errors.attach(bp)
for part in (report, requests):
    part.register(bp)
