"""Serves pages about API traffic: figures and charts, the request log, single requests, exports."""

from flask import Blueprint

from analytics.charts import charts
from blueprints.admin.crud import tabs
from blueprints.analytics import calls, report, requests, single
from blueprints.pages import csrf, errors, session

bp = Blueprint("analytics", __name__, url_prefix="/admin")
session.guard(bp)
csrf.attach(bp)
errors.attach(bp)
for part in (report, requests, single):
    part.register(bp)
bp.add_app_template_filter(charts.duration, "duration")
tabs.add(20, calls.provide)
