/* SPDX-License-Identifier: MIT
 * Deflated members of .npz files, through zlib where the build has it. The only file of the library that knows zlib;
 * nothing is ever written deflated. */
#include "runtime/npy_stream.h"

#include "runtime/memory.h"
#include "runtime/sizes.h"
#include "runtime/status.h"

#if MYGRAD_HAVE_ZLIB

#include <zlib.h>

struct mgr_inflate {
    z_stream z;
    uint64_t left; /* compressed bytes not read from the file yet */
    unsigned char input[MGR_INFLATE_BYTES];
};

static void *z_alloc(void *opaque, unsigned items, unsigned size) {
    (void)opaque;
    return mgr_alloc((size_t)items * size);
}

static void z_free(void *opaque, void *p) {
    (void)opaque;
    mgr_free(p);
}

mgr_inflate *mgr_inflate_new(mgr_npy_stream *stream, uint64_t bytes) {
    (void)stream;
    mgr_inflate *inflate = mgr_alloc(sizeof *inflate);
    if (!inflate) return NULL;
    inflate->z = (z_stream){.zalloc = z_alloc, .zfree = z_free};
    inflate->left = bytes;
    if (inflateInit2(&inflate->z, -MAX_WBITS) == Z_OK) return inflate; /* negative: no zlib header, as in zip files */
    mgr_fail_memory("load", sizeof *inflate);
    mgr_free(inflate);
    return NULL;
}

static mg_status ends_early(const mgr_npy_stream *stream) {
    return mgr_npy_stream_bad(stream, stream->offset, "the deflated data end early, expected %llu bytes in all",
                              (unsigned long long)stream->size);
}

static mg_status refill(mgr_npy_stream *stream, mgr_inflate *in) {
    size_t wanted = in->left < MGR_INFLATE_BYTES ? (size_t)in->left : MGR_INFLATE_BYTES;
    size_t got = 0;
    if (wanted) MGR_TRY(mgr_input_read(stream->input, in->input, wanted, &got));
    if (got == 0) return ends_early(stream);
    in->left -= got;
    in->z.next_in = in->input;
    in->z.avail_in = (unsigned)got;
    return MG_OK;
}

mg_status mgr_inflate_read(mgr_npy_stream *stream, void *out, size_t bytes) {
    mgr_inflate *in = stream->inflate;
    unsigned char *to = out;
    while (bytes > 0) {
        if (in->z.avail_in == 0) MGR_TRY(refill(stream, in));
        unsigned run = bytes < (1u << 30) ? (unsigned)bytes : 1u << 30;
        in->z.next_out = to;
        in->z.avail_out = run;
        int code = inflate(&in->z, Z_NO_FLUSH);
        if (code == Z_MEM_ERROR) return mgr_fail_memory("load", bytes);
        size_t done = run - in->z.avail_out;
        to += done;
        bytes -= done;
        if (code == Z_STREAM_END && bytes > 0) return ends_early(stream);
        if (code != Z_OK && code != Z_STREAM_END && !(code == Z_BUF_ERROR && in->z.avail_in == 0))
            return mgr_npy_stream_bad(stream, stream->offset, "the deflated data are damaged: %s",
                                      in->z.msg ? in->z.msg : "unknown reason");
    }
    return MG_OK;
}

void mgr_inflate_free(mgr_inflate *inflate) {
    if (!inflate) return;
    inflateEnd(&inflate->z);
    mgr_free(inflate);
}

#else

mgr_inflate *mgr_inflate_new(mgr_npy_stream *stream, uint64_t bytes) {
    mgr_fail(MG_ERR_NOT_IMPLEMENTED, "load",
             "%s: member %s is deflated (%llu bytes), and this build has no zlib; save it with numpy.savez instead of "
             "savez_compressed",
             stream->input->path, stream->member, (unsigned long long)bytes);
    return NULL;
}

mg_status mgr_inflate_read(mgr_npy_stream *stream, void *out, size_t bytes) {
    (void)stream, (void)out, (void)bytes;
    return MG_ERR_NOT_IMPLEMENTED;
}

void mgr_inflate_free(mgr_inflate *inflate) { (void)inflate; }

#endif
