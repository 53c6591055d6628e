/* SPDX-License-Identifier: MIT
 * The confusion matrix as text. */
#include "report.h"

#include <stdio.h>

size_t confusion_total(const confusion *c) {
    size_t n = 0;
    for (int i = 0; i < CLASSES; i++)
        for (int j = 0; j < CLASSES; j++) n += c->count[i][j];
    return n;
}

size_t confusion_right(const confusion *c) {
    size_t n = 0;
    for (int i = 0; i < CLASSES; i++) n += c->count[i][i];
    return n;
}

/* Zeros are dots, so that the mistakes stand out. */
void confusion_print(const confusion *c) {
    printf("\n         answer\n  digit ");
    for (int j = 0; j < CLASSES; j++) printf("%6d", j);
    printf("    right\n        ");
    for (int j = 0; j < CLASSES; j++) printf("------");
    printf("\n");
    for (int i = 0; i < CLASSES; i++) {
        size_t row = 0;
        printf("%6d |", i);
        for (int j = 0; j < CLASSES; j++) {
            row += c->count[i][j];
            if (c->count[i][j])
                printf("%6zu", c->count[i][j]);
            else
                printf("%6s", ".");
        }
        printf("  %6.2f %%\n", row ? 100 * (double)c->count[i][i] / (double)row : 0.0);
    }
    printf("\n");
}
