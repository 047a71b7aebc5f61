// Flash, 4 MiB: image 2560 KiB, ROMFS 512 KiB, storage 1024 KiB.
#define MICROPY_HW_BOARD_NAME           "Joulegate METER_RP2350"
#define MICROPY_HW_ROMFS_BYTES          (512 * 1024)
#define MICROPY_HW_FLASH_STORAGE_BYTES  (1024 * 1024)
