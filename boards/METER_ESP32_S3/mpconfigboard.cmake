# METER_ESP32_S3: an ESP32-S3-WROOM-1.
set(IDF_TARGET esp32s3)
include(${MICROPY_BOARD_DIR}/../common/esp32.cmake)
