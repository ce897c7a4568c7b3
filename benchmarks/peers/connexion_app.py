"""Stock connexion: FlaskApp, SQLAlchemy and marshmallow, in the layout of a code generator."""

from pathlib import Path

from connexion import FlaskApp

from benchmarks.peers import connexion_controllers

app = FlaskApp(__name__, specification_dir=Path(__file__).parent)
app.add_api("connexion.yaml")
app.app.teardown_appcontext(connexion_controllers.close_session)
