"""The tariff that benchmarks run on: tiers, time of use, an adder, tax and a daily charge."""

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

TIERED_TIME_OF_USE = {
    "id": "benchmark", "currency": "EUR",
    "day_types": {day: "weekend" if day in ("sat", "sun") else "weekday" for day in DAYS},
    "seasons": [{"id": "summer", "months": [4, 5, 6, 7, 8, 9]},
                {"id": "winter", "months": [1, 2, 3, 10, 11, 12]}],
    "periods": {
        "*/weekday": [{"from": "00:00", "to": "07:00", "period": "night"},
                      {"from": "07:00", "to": "22:30", "period": "day"},
                      {"from": "22:30", "to": "24:00", "period": "night"}],
        "*/weekend": [{"from": "00:00", "to": "24:00", "period": "night"}],
    },
    "tiers": {"window": "month", "count": "all_energy", "mode": "marginal"},
    "energy": {
        "*/day": [{"up_to_kWh": "100", "price": "0.2104"}, {"up_to_kWh": "400", "price": "0.2461"},
                  {"up_to_kWh": None, "price": "0.3117"}],
        "*/night": [{"up_to_kWh": "100", "price": "0.1403"},
                    {"up_to_kWh": "400", "price": "0.1566"},
                    {"up_to_kWh": None, "price": "0.1999"}],
    },
    "adders": [{"name": "grid", "price": "0.0713"}],
    "fixed": [{"name": "standing charge", "amount": "0.3271", "per": "day"}],
    "tax": {"name": "VAT", "rate": "0.19", "included_in_prices": False},
}
