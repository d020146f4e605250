/* The raw floor: what the disk gives to whoever writes these batches, one after the other, each durable.
 *
 * floor FILE < sizes      one size in bytes on each line; FILE is made, and removed at the end
 *
 * The file is filled with zeros and flushed before the clock starts, so that a write changes no metadata. Prints the
 * seconds for all batches and the median for one.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { CHUNK = 1 << 20 };

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec * 1e-9;
}

static void check(int succeeded, const char *what) {
    if (!succeeded) {
        perror(what);
        exit(1);
    }
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void fill_with_zeros(int file, size_t total) {
    char *zeros = calloc(1, CHUNK);
    check(zeros != NULL, "calloc");
    for (size_t done = 0; done < total; done += CHUNK)
        check(write(file, zeros, CHUNK) == CHUNK, "write");
    check(fsync(file) == 0, "fsync");
    free(zeros);
}

int main(int count, char **arguments) {
    size_t *sizes = NULL, size, batches = 0, room = 0, total = 0, largest = 0;
    while (scanf("%zu", &size) == 1) {
        if (batches == room) {
            room = room ? 2 * room : 1024;
            sizes = realloc(sizes, room * sizeof *sizes);
            check(sizes != NULL, "realloc");
        }
        sizes[batches++] = size;
        total += size;
        largest = size > largest ? size : largest;
    }
    check(count == 2 && batches > 0, "usage: floor FILE < sizes");

    int file = open(arguments[1], O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
    check(file >= 0, arguments[1]);
    fill_with_zeros(file, total);
    char *data = malloc(largest);
    double *took = malloc(batches * sizeof *took);
    check(data != NULL && took != NULL, "malloc");
    memset(data, 'x', largest);

    off_t at = 0;
    double begin = now(), before = begin;
    for (size_t batch = 0; batch < batches; batch++) {
        check(pwrite(file, data, sizes[batch], at) == (ssize_t)sizes[batch], "pwrite");
        check(fdatasync(file) == 0, "fdatasync");
        at += sizes[batch];
        double after = now();
        took[batch] = after - before;
        before = after;
    }
    qsort(took, batches, sizeof *took, ascending);
    printf("{\"seconds\": %.9f, \"p50\": %.9f}\n", before - begin, took[batches / 2]);
    unlink(arguments[1]);
    return 0;
}
