from flambeau_conformance.cli import main


def test_the_backend_keeps_the_contract():
    assert main(["run", "jax", "--profile", "smoke"]) == 0
