"""The simulated world of the bench: models of the parts a meter is built of."""
