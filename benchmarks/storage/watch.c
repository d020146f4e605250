/* Notes every write to a file, and every flush, of the process it is preloaded into: when, how much, and to which file.
 *
 *     LD_PRELOAD=watch.so WATCH_LOG=FILE program
 *
 * The notes are kept in memory and written to WATCH_LOG when the program ends, so that they are no part of what is
 * measured. Python and SQLite alike write through these functions of the C library.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { TAIL = 47, MOST = 1 << 23 };

/* 64 bytes; kind is 'w' for a write, 'z' for one of zeros alone, 's' for a flush; path is the end of the file's. */
struct note {
    double at;
    int64_t bytes;
    char kind;
    char path[TAIL];
};

static struct note *notes;
static atomic_size_t count;

__attribute__((constructor)) static void begin(void) {
    size_t room = (size_t)MOST * sizeof *notes;
    notes = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}

__attribute__((destructor)) static void end(void) {
    const char *path = getenv("WATCH_LOG");
    size_t noted = count < MOST ? count : MOST;
    FILE *log = path && notes != MAP_FAILED ? fopen(path, "w") : NULL;
    if (log) {
        fwrite(notes, sizeof *notes, noted, log);
        fclose(log);
    }
}

static void note(int file, char kind, int64_t bytes) {
    char name[32], path[4096];
    snprintf(name, sizeof name, "/proc/self/fd/%d", file);
    ssize_t length = readlink(name, path, sizeof path);
    size_t place = atomic_fetch_add(&count, 1);
    if (length < 0 || place >= MOST || notes == MAP_FAILED)
        return;
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    struct note *noted = &notes[place];
    size_t kept = length < TAIL ? (size_t)length : TAIL;
    memcpy(noted->path, path + length - kept, kept);
    noted->at = time.tv_sec + time.tv_nsec * 1e-9;
    noted->bytes = bytes;
    noted->kind = kind;
}

static int is_zeros(const char *data, size_t size) {
    return size > 0 && data[0] == 0 && memcmp(data, data + 1, size - 1) == 0;
}

static ssize_t wrote(int file, const void *data, ssize_t bytes, int flags) {
    if (bytes >= 0) {
        note(file, data && is_zeros(data, bytes) ? 'z' : 'w', bytes);
        if (flags & (RWF_DSYNC | RWF_SYNC) || fcntl(file, F_GETFL) & O_DSYNC)
            note(file, 's', 0);
    }
    return bytes;
}

/* Declares `real`, the function of this name that would have been called. */
#define REAL(name)                                                                                                     \
    static __typeof__(name) *real;                                                                                     \
    if (!real)                                                                                                         \
    real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

ssize_t write(int file, const void *data, size_t size) {
    REAL(write);
    return wrote(file, data, real(file, data, size), 0);
}

ssize_t pwrite(int file, const void *data, size_t size, off_t at) {
    REAL(pwrite);
    return wrote(file, data, real(file, data, size, at), 0);
}

ssize_t pwrite64(int file, const void *data, size_t size, off64_t at) {
    REAL(pwrite64);
    return wrote(file, data, real(file, data, size, at), 0);
}

ssize_t writev(int file, const struct iovec *parts, int number) {
    REAL(writev);
    return wrote(file, number == 1 ? parts->iov_base : NULL, real(file, parts, number), 0);
}

ssize_t pwritev(int file, const struct iovec *parts, int number, off_t at) {
    REAL(pwritev);
    return wrote(file, number == 1 ? parts->iov_base : NULL, real(file, parts, number, at), 0);
}

ssize_t pwritev64(int file, const struct iovec *parts, int number, off64_t at) {
    REAL(pwritev64);
    return wrote(file, number == 1 ? parts->iov_base : NULL, real(file, parts, number, at), 0);
}

ssize_t pwritev2(int file, const struct iovec *parts, int number, off_t at, int flags) {
    REAL(pwritev2);
    return wrote(file, number == 1 ? parts->iov_base : NULL, real(file, parts, number, at, flags), flags);
}

ssize_t pwritev64v2(int file, const struct iovec *parts, int number, off64_t at, int flags) {
    REAL(pwritev64v2);
    return wrote(file, number == 1 ? parts->iov_base : NULL, real(file, parts, number, at, flags), flags);
}

int fsync(int file) {
    REAL(fsync);
    int result = real(file);
    note(file, 's', 0);
    return result;
}

int fdatasync(int file) {
    REAL(fdatasync);
    int result = real(file);
    note(file, 's', 0);
    return result;
}
