"""How a model is made."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path


@dataclass
class Options:
    """How a modem is made; times in milliseconds."""

    rate: int = 0
    link: Path | None = None
    delay_ms: float = 0.0
    air_rate: int = 0
    loss: float = 0.0
    seed: int = 1
    answer_ms: float = 2.0
    boot_ms: float = 50.0
    sim_ms: float = 0.0
    register_ms: float = 100.0
    nitz_ms: float = 50.0
    nitz: bool = True
    pin: str = ""
    puk: str = "12345678"
    apn: str = ""
    sms_store: int = 10
    signal: int = 21
    stat: int = 1
    zone: int = 0
    unset_year: int = 1980
    clock: datetime | None = None
    hosts: list[str] = field(default_factory=list)
    power: bool = True
