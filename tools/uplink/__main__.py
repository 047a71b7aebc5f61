"""`python -m tools.uplink`: print what a meter costs on the air in a day."""

from tools.uplink import air

if __name__ == "__main__":
    print(air.table())
