"""A tariff of one price, for tests in which the price does not matter."""

import json

TARIFF = json.dumps({
    "id": "flat", "currency": "EUR",
    "day_types": {day: "any" for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")},
    "seasons": [{"id": "year", "months": list(range(1, 13))}],
    "periods": {"*/*": [{"from": "00:00", "to": "24:00", "period": "all"}]},
    "tiers": {"window": "none", "count": "all_energy", "mode": "marginal"},
    "energy": {"*/*": [{"up_to_kWh": None, "price": "0.3"}]},
    "tax": {"rate": "0", "included_in_prices": True},
}).encode()
