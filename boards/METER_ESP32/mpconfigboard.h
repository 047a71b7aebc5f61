#define MICROPY_HW_BOARD_NAME  "Joulegate METER_ESP32"
#define MICROPY_HW_MCU_NAME    "ESP32"

#if JOULEGATE_ROMFS
// The partition labelled romfs, mounted at /rom.
#define MICROPY_VFS_ROM          (1)
#endif
#define MICROPY_PY_BLUETOOTH     (0)
#define MICROPY_HW_I2C0_SDA      (21)
#define MICROPY_HW_I2C0_SCL      (22)
