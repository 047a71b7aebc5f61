// Flash, 4 MiB: image 3072 KiB, storage 1024 KiB.
// With ROMFS: image 2496 KiB, ROMFS 576 KiB, storage the same.
#define MICROPY_HW_BOARD_NAME           "Joulegate METER_RP2350"
#define MICROPY_HW_FLASH_STORAGE_BYTES  (1024 * 1024)
#if JOULEGATE_ROMFS
#define MICROPY_HW_ROMFS_BYTES          (576 * 1024)
#endif
