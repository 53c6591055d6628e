/* SPDX-License-Identifier: MIT
 * The option struct behind a keyword call in C. Nothing in C++.
 *
 * Its text goes along: what is written there was given, also where it is 0. `.axis = 1` leaves out braces that the
 * compilers would like to see around it. They must not say so to somebody who did what the documentation shows: GCC
 * says it of the brace below, which stands in a system header for that, and then of any initializer around the call,
 * unless another one came in between; Clang of the user's own token, but for a pragma. Their other warnings stay. */
#ifndef MYGRAD_KEYWORDS_H
#define MYGRAD_KEYWORDS_H

#include "mygrad/base.h"

#ifndef __cplusplus
#ifdef __clang__
#define MG_OPTIONS_(type, ...)                                                                                         \
    _Pragma("clang diagnostic push") _Pragma("clang diagnostic ignored \"-Wmissing-braces\"")                          \
        _Pragma("clang diagnostic ignored \"-Wmissing-field-initializers\"")                                           \
            _Pragma("clang diagnostic ignored \"-Woverlength-strings\"")(                                              \
                &(type){.size = sizeof(type), .mg_text = __extension__ #__VA_ARGS__, __VA_ARGS__})                     \
                _Pragma("clang diagnostic pop")
#else
#pragma GCC system_header
#define MG_OPTIONS_(type, ...)                                                                                         \
    (&(type){.size = sizeof(type), .mg_text = __extension__ #__VA_ARGS__, __VA_ARGS__} + 0 * sizeof((char){0}))
#endif
/* The whole call as one initializer: an array of tensors and its length are members, too, so that the commas between
 * braces need no parentheses. */
#define MG_OPTIONS_OF_TENSORS_(type, ...)                                                                              \
    (&(type){.size = sizeof(type), .mg_text = __extension__ #__VA_ARGS__, .mg_tensors = __VA_ARGS__})
#endif

#endif
