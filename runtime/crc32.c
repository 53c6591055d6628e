/* SPDX-License-Identifier: MIT
 * CRC-32, four bytes per step: t[k][b] is the checksum of byte b followed by k zero bytes. */
#include "runtime/crc32.h"

void mgr_crc32_prepare(mgr_crc32_tables *tables) {
    for (uint32_t b = 0; b < 256; b++) {
        uint32_t c = b;
        for (int bit = 0; bit < 8; bit++) c = c & 1 ? c >> 1 ^ UINT32_C(0xedb88320) : c >> 1;
        tables->t[0][b] = c;
    }
    for (int k = 1; k < 4; k++)
        for (int b = 0; b < 256; b++) {
            uint32_t c = tables->t[k - 1][b];
            tables->t[k][b] = c >> 8 ^ tables->t[0][c & 255];
        }
}

uint32_t mgr_crc32(const mgr_crc32_tables *tables, uint32_t crc, const void *data, size_t bytes) {
    const uint8_t *p = data;
    uint32_t c = ~crc;
    for (; bytes >= 4; bytes -= 4, p += 4) {
        c ^= (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
        c = tables->t[3][c & 255] ^ tables->t[2][c >> 8 & 255] ^ tables->t[1][c >> 16 & 255] ^ tables->t[0][c >> 24];
    }
    for (; bytes > 0; bytes--, p++) c = c >> 8 ^ tables->t[0][(c ^ *p) & 255];
    return ~c;
}
