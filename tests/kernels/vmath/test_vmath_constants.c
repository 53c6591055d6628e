/* SPDX-License-Identifier: MIT
 * The numbers in kernels/vmath are those that accuracy.txt was measured with: a hash of each header's. Many could be
 * off in their last digits without one result among millions showing it. After a change on purpose: measure again (the
 * command in accuracy.txt), then copy what this prints. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"

static const struct {
    const char *header;
    uint64_t numbers;
} headers[] = {
    {"vm_activation.h", 0xb7cbaa3a719d6fc3}, {"vm_arcsin.h", 0x25c458c70183b10d},
    {"vm_arctan.h", 0xff57887d64064d62},     {"vm_arctan2.h", 0x63766631dd51ae28},
    {"vm_area.h", 0x4dad47dbebfb25f5},       {"vm_base.h", 0x4a0e246a3c9def27},
    {"vm_cbrt.h", 0xdbb3bd3956926b49},       {"vm_divide.h", 0x810e25336325dbe2},
    {"vm_erf.h", 0x97e3f0e1b0e6ef47},        {"vm_erfc.h", 0x8cea7d56c073655e},
    {"vm_exp.h", 0xd35b8ff9285a1152},        {"vm_gauss.h", 0xc606a1b18bcd1145},
    {"vm_gelu.h", 0x958271544ad864ec},       {"vm_gelu_slope.h", 0xa5a1c86325479a74},
    {"vm_hyperbolic.h", 0x3173585f933553ea}, {"vm_hypot.h", 0xe78cd1c2eb983112},
    {"vm_log.h", 0x546d00e7f2eca805},        {"vm_log2.h", 0x9323824018870327},
    {"vm_logaddexp.h", 0x1fff97a41d11ae60},  {"vm_power.h", 0x4b70f02d26473d2c},
    {"vm_power_int.h", 0xc51e6ce283d818a5},  {"vm_sigmoid.h", 0x7bfd03d8b7ba8c80},
    {"vm_sinc.h", 0xad80bc5728cfaff2},       {"vm_softmax.h", 0x4b1193fbb4613188},
    {"vm_tanh.h", 0x97e5bad107815fc2},       {"vm_trig.h", 0x85c04e032e7f517a},
    {"vm_turns.h", 0xc9c990584b027040},      {"vm_words.h", 0xcbf29ce484222325},
};

static char *text_of(const char *header) {
    char path[512];
    snprintf(path, sizeof path, "%s/%s", VMATH_FOLDER, header);
    FILE *file = fopen(path, "r");
    CHECK_MSG(file != NULL, "cannot read %s", path);
    enum { ROOM = 1 << 17 };
    char *text = malloc(ROOM);
    CHECK(text != NULL);
    const size_t n = fread(text, 1, ROOM, file);
    CHECK(n > 0 && n < ROOM);
    text[n] = 0;
    fclose(file);
    return text;
}

static bool in_word(char c) { return isalnum((unsigned char)c) || c == '_'; }

/* Numbers stand outside of comments and names; a sign belongs to one after its exponent's letter, or before it. */
static uint64_t numbers_of(const char *text) {
    uint64_t hash = 0xcbf29ce484222325u;
    for (const char *s = text; *s; s++) {
        if (strncmp(s, "/*", 2) == 0) {
            s = strstr(s, "*/");
            CHECK(s != NULL);
            s++;
            continue;
        }
        if (!isdigit((unsigned char)*s) || (s > text && in_word(s[-1]))) continue;
        if (s > text && s[-1] == '-') hash = (hash ^ '-') * 0x100000001b3u;
        for (; in_word(*s) || *s == '.' || ((*s == '-' || *s == '+') && (s[-1] == 'p' || s[-1] == 'e')); s++)
            hash = (hash ^ (unsigned char)*s) * 0x100000001b3u;
        hash = (hash ^ ' ') * 0x100000001b3u;
        s--;
    }
    return hash;
}

MG_TEST(vmath, constants_are_those_that_were_measured) {
    int wrong = 0;
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        char *text = text_of(headers[i].header);
        const uint64_t numbers = numbers_of(text);
        if (numbers != headers[i].numbers) {
            fprintf(stderr, "    {\"%s\", 0x%016llx},\n", headers[i].header, (unsigned long long)numbers);
            wrong++;
        }
        free(text);
    }
    CHECK_EQ_I64(wrong, 0);
}
