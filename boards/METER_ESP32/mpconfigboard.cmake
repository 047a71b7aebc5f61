# METER_ESP32: an ESP32-WROOM-32E.
include(${MICROPY_BOARD_DIR}/../common/esp32.cmake)
