#define MICROPY_HW_BOARD_NAME  "Joulegate METER_ESP32_S3"
#define MICROPY_HW_MCU_NAME    "ESP32S3"

// The console is on the native USB and on UART 0, which goes on when USB is unplugged.
#define MICROPY_HW_ENABLE_UART_REPL  (1)

#if JOULEGATE_ROMFS
// The partition labelled romfs, mounted at /rom.
#define MICROPY_VFS_ROM          (1)
#endif
#define MICROPY_PY_BLUETOOTH     (0)
#define MICROPY_HW_I2C0_SDA      (8)
#define MICROPY_HW_I2C0_SCL      (9)
