// Flash, 2 MiB: image 1536 KiB (the Wi-Fi chip's own firmware is in it), storage 512 KiB.
// With ROMFS: image 960 KiB, ROMFS 576 KiB, storage the same.
#define MICROPY_HW_BOARD_NAME           "Joulegate METER_RP2040_W"
#define MICROPY_HW_FLASH_STORAGE_BYTES  (512 * 1024)
#if JOULEGATE_ROMFS
#define MICROPY_HW_ROMFS_BYTES          (576 * 1024)
#endif

#define MICROPY_PY_NETWORK                   (1)
#define MICROPY_PY_NETWORK_HOSTNAME_DEFAULT  "joulegate"

// The CYW43439 hangs on a half-duplex SPI that the PIO makes, and lends three of its pins.
#define CYW43_USE_SPI             (1)
#define CYW43_SPI_PIO             (1)
#define CYW43_LWIP                (1)
#define CYW43_GPIO                (1)
#define MICROPY_HW_PIN_EXT_COUNT  CYW43_WL_GPIO_COUNT

// A soft reset leaves the interrupt of the chip's pin alone.
int mp_hal_is_pin_reserved(int n);
#define MICROPY_HW_PIN_RESERVED(i)  mp_hal_is_pin_reserved(i)
