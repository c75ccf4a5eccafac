"""The suite as pytest sees it: `pytest --pyargs flambeau_conformance.suite --flambeau-backend=NAME`."""
