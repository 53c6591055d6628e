/* SPDX-License-Identifier: MIT
 * The checksum of zip files: CRC-32 with the reflected polynomial 0xedb88320. */
#ifndef MGR_CRC32_H
#define MGR_CRC32_H

#include <stddef.h>
#include <stdint.h>

/* Four tables, so that four bytes go at once; filled by the user of the checksum, so that there is no global state. */
typedef struct mgr_crc32_tables {
    uint32_t t[4][256];
} mgr_crc32_tables;

void mgr_crc32_prepare(mgr_crc32_tables *tables);

/* The checksum of what `crc` (0 at the start) covered, followed by these bytes. */
uint32_t mgr_crc32(const mgr_crc32_tables *tables, uint32_t crc, const void *data, size_t bytes);

#endif
