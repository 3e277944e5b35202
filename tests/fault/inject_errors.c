// Makes one call of the C library fail in a program that is not changed: to be preloaded (LD_PRELOAD). Used by
// unreadable_test.py, which runs the whole program under it.
//
//   FT_INJECT_ROOT   only files below this folder count (an absolute path without links)
//   FT_INJECT_LOG    PREFIX: rank R adds a line "CALL<tab>PATH below the root" to PREFIX.R for each call
//   FT_INJECT        "RANK CALL N ERRNO MODE PATH": the N-th call (from 1) of that name on that path in that rank fails;
//                    MODE once, or on: so do all later calls that read that path, as on a disk that has gone. ERRNO 0:
//                    the call reads, but one bit is another
//
// Only in processes whose program is called ftrun; their rank is what Open MPI says, else 0.
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static char root[PATH_MAX], target_path[PATH_MAX], target_call[32];
static size_t root_length;
static int active, log_file = -1, target_errno, target_stays, has_target;
static long target_number;
static atomic_long seen;
static atomic_int gone, flips;

__attribute__((constructor)) static void start(void) {
  char program[PATH_MAX] = "";
  if (readlink("/proc/self/exe", program, sizeof program - 1) <= 0) return;
  const char* name = strrchr(program, '/');
  const char* folder = getenv("FT_INJECT_ROOT");
  if (!name || strcmp(name + 1, "ftrun") != 0 || !folder) return;
  root_length = strlen(folder);
  strncpy(root, folder, sizeof root - 1);
  const char* rank_text = getenv("OMPI_COMM_WORLD_RANK");
  const int rank = rank_text ? atoi(rank_text) : 0;
  if (getenv("FT_INJECT_LOG")) {
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s.%d", getenv("FT_INJECT_LOG"), rank);
    log_file = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  }
  const char* what = getenv("FT_INJECT");
  if (what) {
    int of_rank = -1, begin = 0;
    char mode[8] = "";
    if (sscanf(what, "%d %31s %ld %d %7s %n", &of_rank, target_call, &target_number, &target_errno, mode, &begin) !=
        5) {
      fprintf(stderr, "inject_errors: cannot read FT_INJECT=%s\n", what);
      _exit(99);
    }
    strncpy(target_path, what + begin, sizeof target_path - 1);
    target_stays = strcmp(mode, "on") == 0;
    has_target = of_rank == rank;
  }
  active = 1;
}

// Whether the call is to fail. `reads`: what a disk that has gone refuses, too.
static int fails(const char* call, int reads, const char* path) {
  if (!path || strncmp(path, root, root_length) != 0) return 0;
  const char* below = path + root_length;
  if (*below != '/' && *below != 0) return 0;
  while (*below == '/') ++below;
  char clean[PATH_MAX];
  size_t size = 0;
  for (const char* c = below; *c && size + 1 < sizeof clean; ++c) {
    if (*c == '/' && (c[1] == '/' || c[1] == 0)) continue;
    clean[size++] = *c;
  }
  clean[size] = 0;
  if (log_file >= 0) {
    char line[PATH_MAX + 64];
    const int length = snprintf(line, sizeof line, "%s\t%s\n", call, clean);
    syscall(SYS_write, log_file, line, (size_t)length);
  }
  if (!has_target || strcmp(clean, target_path) != 0) return 0;
  const int hit = strcmp(call, target_call) == 0 && atomic_fetch_add(&seen, 1) + 1 == target_number;
  if (hit && target_stays) gone = 1;
  if (!hit && !(gone && reads)) return 0;
  if (target_errno == 0) {
    flips = 1;
    return 0;
  }
  errno = target_errno;
  return 1;
}

static int path_fails(const char* call, int reads, int folder, const char* path) {
  if (!active || !path) return 0;
  if (path[0] == '/') return fails(call, reads, path);
  char whole[2 * PATH_MAX], base[PATH_MAX] = "";
  const int saved = errno;
  if (folder == AT_FDCWD) {
    if (!getcwd(base, sizeof base)) base[0] = 0;
  } else {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
    if (readlink(link, base, sizeof base - 1) <= 0) base[0] = 0;
  }
  errno = saved;
  snprintf(whole, sizeof whole, "%s/%s", base, path);
  return fails(call, reads, whole);
}

static int file_fails(const char* call, int reads, int file) {
  if (!active) return 0;
  char link[64], path[PATH_MAX] = "";
  const int saved = errno;
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  const ssize_t length = readlink(link, path, sizeof path - 1);
  errno = saved;
  return length > 0 && fails(call, reads, path);
}

#define REAL(name)               \
  static __typeof__(name)* real; \
  if (!real) real = (__typeof__(name)*)dlsym(RTLD_NEXT, #name)

static mode_t mode_of(int flags, va_list list) { return flags & (O_CREAT | O_TMPFILE) ? (mode_t)va_arg(list, int) : 0; }

// Opening to write only is told apart: what it means is another thing.
static const char* open_name(int flags) { return (flags & O_ACCMODE) == O_RDONLY ? "open" : "open_write"; }

#define OPEN(name)                                                  \
  int name(const char* path, int flags, ...) {                      \
    va_list list;                                                   \
    va_start(list, flags);                                          \
    const mode_t mode = mode_of(flags, list);                       \
    va_end(list);                                                   \
    if (path_fails(open_name(flags), 1, AT_FDCWD, path)) return -1; \
    REAL(name);                                                     \
    return real(path, flags, mode);                                 \
  }
OPEN(open)
OPEN(open64)

#define OPENAT(name)                                              \
  int name(int folder, const char* path, int flags, ...) {        \
    va_list list;                                                 \
    va_start(list, flags);                                        \
    const mode_t mode = mode_of(flags, list);                     \
    va_end(list);                                                 \
    if (path_fails(open_name(flags), 1, folder, path)) return -1; \
    REAL(name);                                                   \
    return real(folder, path, flags, mode);                       \
  }
OPENAT(openat)
OPENAT(openat64)

#define FOPEN(name)                                                                                               \
  FILE* name(const char* path, const char* mode) {                                                                \
    if (path_fails(mode[0] == 'r' && !strchr(mode, '+') ? "open" : "open_write", 1, AT_FDCWD, path)) return NULL; \
    REAL(name);                                                                                                   \
    return real(path, mode);                                                                                      \
  }
FOPEN(fopen)
FOPEN(fopen64)

DIR* opendir(const char* path) {
  if (path_fails("opendir", 1, AT_FDCWD, path)) return NULL;
  REAL(opendir);
  return real(path);
}
DIR* fdopendir(int file) {
  if (file_fails("opendir", 1, file)) return NULL;
  REAL(fdopendir);
  return real(file);
}
struct dirent* readdir(DIR* folder) {
  if (file_fails("readdir", 1, dirfd(folder))) return NULL;
  REAL(readdir);
  return real(folder);
}
struct dirent64* readdir64(DIR* folder) {
  if (file_fails("readdir", 1, dirfd(folder))) return NULL;
  REAL(readdir64);
  return real(folder);
}

#define STAT(name, type)                                  \
  int name(const char* path, struct type* info) {         \
    if (path_fails("stat", 1, AT_FDCWD, path)) return -1; \
    REAL(name);                                           \
    return real(path, info);                              \
  }
STAT(stat, stat)
STAT(stat64, stat64)
STAT(lstat, stat)
STAT(lstat64, stat64)
#define FSTAT(name, type)                        \
  int name(int file, struct type* info) {        \
    if (file_fails("fstat", 1, file)) return -1; \
    REAL(name);                                  \
    return real(file, info);                     \
  }
FSTAT(fstat, stat)
FSTAT(fstat64, stat64)
#define FSTATAT(name, type)                                                                             \
  int name(int folder, const char* path, struct type* info, int flags) {                                \
    if (path[0] == 0 ? file_fails("fstat", 1, folder) : path_fails("stat", 1, folder, path)) return -1; \
    REAL(name);                                                                                         \
    return real(folder, path, info, flags);                                                             \
  }
FSTATAT(fstatat, stat)
FSTATAT(fstatat64, stat64)
// As programs that were linked against an older C library call them, libtorch among them.
#define XSTAT(name, type)                                      \
  int name(int version, const char* path, struct type* info);  \
  int name(int version, const char* path, struct type* info) { \
    if (path_fails("stat", 1, AT_FDCWD, path)) return -1;      \
    REAL(name);                                                \
    return real(version, path, info);                          \
  }
XSTAT(__xstat, stat)
XSTAT(__xstat64, stat64)
XSTAT(__lxstat, stat)
XSTAT(__lxstat64, stat64)
#define FXSTAT(name, type)                             \
  int name(int version, int file, struct type* info);  \
  int name(int version, int file, struct type* info) { \
    if (file_fails("fstat", 1, file)) return -1;       \
    REAL(name);                                        \
    return real(version, file, info);                  \
  }
FXSTAT(__fxstat, stat)
FXSTAT(__fxstat64, stat64)
int statx(int folder, const char* path, int flags, unsigned mask, struct statx* info) {
  if (path[0] == 0 ? file_fails("fstat", 1, folder) : path_fails("stat", 1, folder, path)) return -1;
  REAL(statx);
  return real(folder, path, flags, mask, info);
}
int access(const char* path, int mode) {
  if (path_fails("access", 1, AT_FDCWD, path)) return -1;
  REAL(access);
  return real(path, mode);
}
int faccessat(int folder, const char* path, int mode, int flags) {
  if (path_fails("access", 1, folder, path)) return -1;
  REAL(faccessat);
  return real(folder, path, mode, flags);
}

static ssize_t flipped(void* data, ssize_t count) {
  if (count > 0 && atomic_exchange(&flips, 0)) ((char*)data)[count / 2] ^= 1;
  return count;
}
ssize_t read(int file, void* data, size_t size) {
  if (file_fails("read", 1, file)) return -1;
  REAL(read);
  return flipped(data, real(file, data, size));
}
ssize_t pread(int file, void* data, size_t size, off_t offset) {
  if (file_fails("read", 1, file)) return -1;
  REAL(pread);
  return flipped(data, real(file, data, size, offset));
}
ssize_t pread64(int file, void* data, size_t size, off64_t offset) {
  if (file_fails("read", 1, file)) return -1;
  REAL(pread64);
  return flipped(data, real(file, data, size, offset));
}
off_t lseek(int file, off_t offset, int from) {
  if (file_fails("lseek", 1, file)) return -1;
  REAL(lseek);
  return real(file, offset, from);
}
off64_t lseek64(int file, off64_t offset, int from) {
  if (file_fails("lseek", 1, file)) return -1;
  REAL(lseek64);
  return real(file, offset, from);
}
void* mmap(void* place, size_t size, int protection, int flags, int file, off_t offset) {
  if (file >= 0 && file_fails("mmap", 1, file)) return MAP_FAILED;
  return (void*)syscall(SYS_mmap, place, size, protection, flags, file, offset);
}

int rename(const char* from, const char* to) {
  if (path_fails("rename", 0, AT_FDCWD, from) || path_fails("rename", 0, AT_FDCWD, to)) return -1;
  REAL(rename);
  return real(from, to);
}
int renameat(int a, const char* from, int b, const char* to) {
  if (path_fails("rename", 0, a, from) || path_fails("rename", 0, b, to)) return -1;
  REAL(renameat);
  return real(a, from, b, to);
}
int renameat2(int a, const char* from, int b, const char* to, unsigned flags) {
  if (path_fails("rename", 0, a, from) || path_fails("rename", 0, b, to)) return -1;
  REAL(renameat2);
  return real(a, from, b, to, flags);
}
int unlink(const char* path) {
  if (path_fails("unlink", 0, AT_FDCWD, path)) return -1;
  REAL(unlink);
  return real(path);
}
int unlinkat(int folder, const char* path, int flags) {
  if (path_fails("unlink", 0, folder, path)) return -1;
  REAL(unlinkat);
  return real(folder, path, flags);
}
int rmdir(const char* path) {
  if (path_fails("unlink", 0, AT_FDCWD, path)) return -1;
  REAL(rmdir);
  return real(path);
}
int remove(const char* path) {
  if (path_fails("unlink", 0, AT_FDCWD, path)) return -1;
  REAL(remove);
  return real(path);
}
int mkdir(const char* path, mode_t mode) {
  if (path_fails("mkdir", 0, AT_FDCWD, path)) return -1;
  REAL(mkdir);
  return real(path, mode);
}

ssize_t write(int file, const void* data, size_t size) {
  if (file_fails("write", 0, file)) return -1;
  REAL(write);
  return real(file, data, size);
}
ssize_t pwrite(int file, const void* data, size_t size, off_t offset) {
  if (file_fails("write", 0, file)) return -1;
  REAL(pwrite);
  return real(file, data, size, offset);
}
ssize_t pwrite64(int file, const void* data, size_t size, off64_t offset) {
  if (file_fails("write", 0, file)) return -1;
  REAL(pwrite64);
  return real(file, data, size, offset);
}
int fsync(int file) {
  if (file_fails("sync", 0, file)) return -1;
  REAL(fsync);
  return real(file);
}
int fdatasync(int file) {
  if (file_fails("sync", 0, file)) return -1;
  REAL(fdatasync);
  return real(file);
}
int ftruncate(int file, off_t size) {
  if (file_fails("truncate", 0, file)) return -1;
  REAL(ftruncate);
  return real(file, size);
}
int fallocate(int file, int mode, off_t offset, off_t size) {
  if (file_fails("reserve", 0, file)) return -1;
  REAL(fallocate);
  return real(file, mode, offset, size);
}
