"""The parts that operations concern, as an application: settings, databases, commands, health."""

from flask import Flask
from flask_migrate import Migrate

import blueprints.cli
import config
import models.audit
import models.budget
import models.credential
import models.currency
import models.reply
import models.setting  # noqa: F401  (their tables)
from blueprints import health
from database import db, tune
from domain.vault import vault


def create_app() -> Flask:
    settings = config.from_environment()
    app = Flask(__name__)
    app.config.update(
        SQLALCHEMY_DATABASE_URI=settings.database_url, SQLALCHEMY_BINDS={"log": settings.log_database_url}
    )
    app.extensions["countinghouse"] = settings
    db.init_app(app)
    vault.configure(settings.secret_keys, bcrypt_cost=settings.bcrypt_cost)
    Migrate(app, db, directory=str(config.ROOT / "migrations"))
    with app.app_context():
        tune(db.engines[None], synchronous="FULL")
        tune(db.engines["log"], synchronous="NORMAL")
    blueprints.cli.register(app)
    app.register_blueprint(health.blueprint(settings))
    return app
