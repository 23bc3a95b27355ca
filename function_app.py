"""The front door: makes the FunctionApp and registers every blueprint, nothing else."""

import azure.functions as func

from functions import BLUEPRINTS
from shared.telemetry import lighten_records, quieten_libraries

quieten_libraries()
lighten_records()
app = func.FunctionApp()
for blueprint in BLUEPRINTS:
    app.register_functions(blueprint)
