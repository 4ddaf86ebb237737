/* A disk that remembers in which order it was written to and flushed, for tests of power cuts (`power.rs`).
 *
 * Loaded before the C library (LD_PRELOAD). Every change of a file below POWER_FOLDER, every flush with its begin and its end, and
 * what is answered on sockets goes to the file POWER_LOG, in the order of events: a write when it is done, an answer before it is
 * sent. Each entry is its kind, the length of the name, an offset, the length of the data, the name and the data.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

struct head {
    uint32_t kind, name;
    uint64_t offset, data;
};

/* A flush takes as long as on a slow disk, so that much goes on meanwhile. */
#define FLUSH_US 2000

static const char *folder, *log_path;
static int log_file = -1;

__attribute__((constructor)) static void begin(void) {
    folder = getenv("POWER_FOLDER");
    log_path = getenv("POWER_LOG");
    if (folder && log_path) log_file = open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

/* One entry in one system call: appends of threads and processes do not mix. */
static void note(char kind, const char *name, uint64_t offset, const void *data, uint64_t length) {
    struct head head = {(uint32_t)kind, (uint32_t)strlen(name), offset, length};
    struct iovec parts[3] = {{&head, sizeof head}, {(void *)name, head.name}, {(void *)data, length}};
    if (syscall(SYS_writev, log_file, parts, 3) != (long)(sizeof head + head.name + length)) abort();
}

/* The name of an open file below the folder, or none. */
static int name_of(int fd, char *name) {
    char link[64];
    if (log_file < 0 || fd == log_file) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, name, PATH_MAX - 1);
    if (length <= 0) return 0;
    name[length] = 0;
    return strncmp(name, folder, strlen(folder)) == 0 && strcmp(name, log_path) != 0;
}

static int is_socket(int fd) {
    struct stat is;
    return log_file >= 0 && fstat(fd, &is) == 0 && S_ISSOCK(is.st_mode);
}

#define REAL(type, function, ...)                                  \
    static type (*real)(__VA_ARGS__);                              \
    if (!real) real = (type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, function)

ssize_t pwrite64(int fd, const void *data, size_t length, off64_t offset) {
    REAL(ssize_t, "pwrite64", int, const void *, size_t, off64_t);
    char name[PATH_MAX];
    ssize_t done = real(fd, data, length, offset);
    if (done > 0 && name_of(fd, name)) note('W', name, (uint64_t)offset, data, (uint64_t)done);
    return done;
}

ssize_t pwrite(int fd, const void *data, size_t length, off_t offset) { return pwrite64(fd, data, length, offset); }

ssize_t write(int fd, const void *data, size_t length) {
    REAL(ssize_t, "write", int, const void *, size_t);
    char name[PATH_MAX];
    if (is_socket(fd)) note('A', "", 0, data, length);
    ssize_t done = real(fd, data, length);
    if (done > 0 && name_of(fd, name)) note('W', name, (uint64_t)(lseek(fd, 0, SEEK_CUR) - done), data, (uint64_t)done);
    return done;
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    REAL(ssize_t, "writev", int, const struct iovec *, int);
    if (is_socket(fd))
        for (int at = 0; at < count; at++) note('A', "", 0, parts[at].iov_base, parts[at].iov_len);
    return real(fd, parts, count);
}

ssize_t send(int fd, const void *data, size_t length, int flags) {
    REAL(ssize_t, "send", int, const void *, size_t, int);
    if (log_file >= 0) note('A', "", 0, data, length);
    return real(fd, data, length, flags);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags) {
    REAL(ssize_t, "sendmsg", int, const struct msghdr *, int);
    if (log_file >= 0)
        for (size_t at = 0; at < message->msg_iovlen; at++)
            note('A', "", 0, message->msg_iov[at].iov_base, message->msg_iov[at].iov_len);
    return real(fd, message, flags);
}

int ftruncate64(int fd, off64_t length) {
    REAL(int, "ftruncate64", int, off64_t);
    char name[PATH_MAX];
    int done = real(fd, length);
    if (done == 0 && name_of(fd, name)) note('T', name, (uint64_t)length, "", 0);
    return done;
}

int ftruncate(int fd, off_t length) { return ftruncate64(fd, length); }

/* What was written when a flush began is on the disk when it ends; the thread tells begin and end of one flush together. */
static int flushed(int fd) {
    char name[PATH_MAX];
    if (!name_of(fd, name)) return 0;
    uint64_t thread = (uint64_t)syscall(SYS_gettid);
    note('B', name, thread, "", 0);
    usleep(FLUSH_US);
    note('E', name, thread, "", 0);
    return 0;
}

int fdatasync(int fd) { return flushed(fd); }
int fsync(int fd) { return flushed(fd); }

int rename(const char *from, const char *to) {
    REAL(int, "rename", const char *, const char *);
    char name[PATH_MAX] = "", target[PATH_MAX] = "";
    int is_known = log_file >= 0 && realpath(from, name) != NULL;
    int done = real(from, to);
    if (done == 0 && is_known && realpath(to, target) && strncmp(target, folder, strlen(folder)) == 0)
        note('R', name, 0, target, strlen(target));
    return done;
}

static void removed(const char *name) {
    if (log_file >= 0 && strncmp(name, folder, strlen(folder)) == 0) note('U', name, 0, "", 0);
}

int unlink(const char *path) {
    REAL(int, "unlink", const char *);
    char name[PATH_MAX] = "";
    int is_known = log_file >= 0 && realpath(path, name) != NULL;
    int done = real(path);
    if (done == 0 && is_known) removed(name);
    return done;
}
