"""The families by their names."""

from tools.modem.bc95_nso import Bc95
from tools.modem.family import Family
from tools.modem.quectel_ssl import Quectel
from tools.modem.rak3172 import Rak3172
from tools.modem.sim7020_cso import Sim7020
from tools.modem.sim7080_ca import Sim7080
from tools.modem.simcom_cip import SimComCip

FAMILIES: dict[str, type[Family]] = {
    "quectel": Quectel, "simcom": SimComCip, "sim7080": Sim7080, "sim7020": Sim7020,
    "bc95": Bc95, "rak3172": Rak3172,
}
