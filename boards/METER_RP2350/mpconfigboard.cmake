# METER_RP2350: the flash, clock and pads of a Raspberry Pi Pico 2, on its Arm cores.
set(PICO_BOARD "pico2")
set(PICO_PLATFORM "rp2350")
set(MICROPY_FROZEN_MANIFEST ${MICROPY_BOARD_DIR}/manifest.py)
