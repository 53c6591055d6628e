/* SPDX-License-Identifier: MIT
 * OpenMP runtimes among the files that the dynamic linker has loaded. One that is linked statically is not seen. */
#include "runtime/openmp_runtimes.h"

#include <link.h>
#include <string.h>

static const char *const names[] = {"libgomp", "libomp", "libiomp5"};
enum { RUNTIMES = sizeof names / sizeof *names };

const char *mgr_openmp_name(int runtime) { return runtime >= 0 && runtime < RUNTIMES ? names[runtime] : NULL; }

int mgr_openmp_of_file(const char *path) {
    const char *slash = path ? strrchr(path, '/') : NULL;
    const char *name = slash ? slash + 1 : path ? path : "";
    for (int i = 0; i < RUNTIMES; i++) {
        size_t length = strlen(names[i]);
        if (strncmp(name, names[i], length) == 0 && (name[length] == '.' || name[length] == '-')) return i;
    }
    return -1;
}

static int note_loaded(struct dl_phdr_info *info, size_t size, void *seen) {
    (void)size;
    int i = mgr_openmp_of_file(info->dlpi_name);
    if (i >= 0) *(unsigned *)seen |= 1u << i;
    return 0;
}

unsigned mgr_openmp_loaded(void) {
    unsigned seen = 0;
    dl_iterate_phdr(note_loaded, &seen);
    return seen;
}
