/* SPDX-License-Identifier: MIT
 * int64 against uint64, exactly, as NumPy 2 has it: no dtype holds both. A negative number decides by itself, for it is
 * less than all unsigned ones; the others are compared as uint64. Ordinary ops, so that tiles compute it in one pass.
 */
#include "autodiff/composite.h"
#include "autodiff/record.h"

bool mga_is_mixed_compare(const mgk_op_info *info, mga_node *const *in) {
    if (info->typing != MGK_TYPES_COMPARE || info->n_in != 2 || in[0]->weak || in[1]->weak) return false;
    return in[0]->dtype == MG_I64 ? in[1]->dtype == MG_U64 : in[0]->dtype == MG_U64 && in[1]->dtype == MG_I64;
}

/* Is the comparison true where operand number `which` is negative, and the other is not? */
static bool holds_below(uint16_t op, int which) {
    if (op == MGK_OP_NOT_EQUAL) return true;
    return which == 0 ? op == MGK_OP_LESS || op == MGK_OP_LESS_EQUAL
                      : op == MGK_OP_GREATER || op == MGK_OP_GREATER_EQUAL;
}

mga_node *mga_record_mixed_compare(uint16_t op, mga_node *const *in) {
    const int which = in[0]->dtype == MG_I64 ? 0 : 1;
    const bool below = holds_below(op, which);
    mga_node *as_unsigned = mga_record_convert(in[which], MG_U64); /* of what is not negative: the same number */
    mga_node *compared =
        mga_binary(op, which == 0 ? as_unsigned : mga_held(in[0]), which == 0 ? mga_held(in[1]) : as_unsigned);
    if (!compared) return NULL;
    mga_node *sign = mga_binary(below ? MGK_OP_LESS : MGK_OP_GREATER_EQUAL, mga_held(in[which]),
                                mga_fill_scalar(MG_I64, MGR_STRONG, 0));
    return mga_binary(below ? MGK_OP_LOGICAL_OR : MGK_OP_LOGICAL_AND, sign, compared);
}
