// Flash, 2 MiB: image 768 KiB, ROMFS 256 KiB, storage 1024 KiB.
#define MICROPY_HW_BOARD_NAME           "Joulegate METER_RP2040"
#define MICROPY_HW_ROMFS_BYTES          (256 * 1024)
#define MICROPY_HW_FLASH_STORAGE_BYTES  (1024 * 1024)
