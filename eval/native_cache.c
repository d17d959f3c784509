#include "native_cache.h"

#include "lang/number.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char MODULE_SUFFIX[] = ".so", WORKSHOP_SUFFIX[] = ".build";
static const uint64_t DEFAULT_MOST = (uint64_t)256 << 20;
enum { TOUCH_SECONDS = 60, CLAIM_TRIES = 100 };

// Anything but a size is the default.
static uint64_t parse_most(const char *text) {
  uint64_t bytes;
  return text && memory_parse_size(text, &bytes) ? bytes : DEFAULT_MOST;
}

void cache_init(Cache *cache, const Buffer *text) {
  *cache = (Cache){.text = text, .most = parse_most(secure_getenv("HVM_CACHE_MAX"))};
  const char *parent = secure_getenv("XDG_CACHE_HOME"), *home = secure_getenv("HOME");
  if (parent && *parent == '/')
    buffer_text(&cache->parent, parent);
  else if (home && *home == '/')
    buffer_format(&cache->parent, "%s/.cache", home);
  // Two hashes: of the text, and of the text without its first letters.
  size_t skipped = text->size < 8 ? text->size : 8;
  char key[CACHE_KEY_SIZE + 1];
  snprintf(key, sizeof key, "%015llx%015llx", (unsigned long long)number_symbol(text->text, text->size),
           (unsigned long long)number_symbol(text->text + skipped, text->size - skipped));
  snprintf(cache->name, sizeof cache->name, "%s%s", key, MODULE_SUFFIX);
  snprintf(cache->workshop, sizeof cache->workshop, "%s%s", key, WORKSHOP_SUFFIX);
}

void cache_free(Cache *cache) { buffer_free(&cache->parent); }

// Ours, and nobody else may write to it.
static bool is_trusted(const struct stat *about) {
  return about->st_uid == geteuid() && !(about->st_mode & (S_IWGRP | S_IWOTH));
}

int cache_open(const Cache *cache, bool create, Buffer *reason) {
  if (!cache->parent.size) {
    buffer_text(reason, "there is no folder to keep it in: neither XDG_CACHE_HOME nor HOME is an absolute path");
    return -1;
  }
  if (create) mkdir(cache->parent.text, 0700);
  int parent = open(cache->parent.text, O_PATH | O_DIRECTORY | O_CLOEXEC), folder = -1;
  if (parent >= 0) {
    if (create) mkdirat(parent, "hvm", 0700);
    folder = openat(parent, "hvm", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  }
  int error = errno;
  if (parent >= 0) close(parent);
  struct stat about;
  if (folder >= 0 && fstat(folder, &about) == 0 && is_trusted(&about)) return folder;
  buffer_format(reason, "the folder '%s/hvm' cannot be used: %s", cache->parent.text,
                folder < 0 ? strerror(error) : "others may write to it");
  if (folder >= 0) close(folder);
  return -1;
}

// Finding.

// A file of ours ends with its text, and the text ends with its own size.
static bool ends_with_text(int file, off_t size, const Buffer *text) {
  char block[1 << 13];
  if (size <= (off_t)text->size) return false;
  for (size_t done = 0; done < text->size;) {
    size_t wanted = text->size - done < sizeof block ? text->size - done : sizeof block;
    ssize_t count = pread(file, block, wanted, size - (off_t)(text->size - done));
    if (count <= 0 || memcmp(block, text->text + done, (size_t)count) != 0) return false;
    done += (size_t)count;
  }
  return true;
}

bool cache_is_module(const Cache *cache, int file) {
  struct stat about;
  return fstat(file, &about) == 0 && S_ISREG(about.st_mode) && is_trusted(&about) &&
         ends_with_text(file, about.st_size, cache->text);
}

int cache_find(const Cache *cache, int folder) {
  int file = openat(folder, cache->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  struct stat about;
  if (file < 0) return -1;
  if (!cache_is_module(cache, file) || fstat(file, &about) != 0) {
    close(file);
    return -1;
  }
  // The time of the last use, as exact as eviction needs it.
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (about.st_mtim.tv_sec + TOUCH_SECONDS < now.tv_sec) futimens(file, NULL);
  return file;
}

// Building.

// The lock ends with the last process that has the descriptor, so a compiler keeps it beyond our end.
static int lock_workshop(int folder, const char *name, bool *busy) {
  struct stat about, named;
  int descriptor = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (descriptor < 0) return -1;
  *busy = flock(descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  // Somebody may have removed it, and another may have made it again.
  if (!*busy && fstat(descriptor, &about) == 0 && fstatat(folder, name, &named, AT_SYMLINK_NOFOLLOW) == 0) {
    if (about.st_ino == named.st_ino && about.st_dev == named.st_dev && is_trusted(&about)) return descriptor;
    errno = is_trusted(&about) ? ENOENT : EPERM;
  }
  int error = errno;
  close(descriptor);
  errno = error;
  return -1;
}

// What compilers leave behind are files, no folders.
static void empty_workshop(int descriptor) {
  int copy = openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *list = copy < 0 ? NULL : fdopendir(copy);
  if (!list) {
    if (copy >= 0) close(copy);
    return;
  }
  for (struct dirent *entry; (entry = readdir(list));)
    if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) unlinkat(descriptor, entry->d_name, 0);
  closedir(list);
}

int cache_claim(const Cache *cache, int folder, bool *busy) {
  *busy = false;
  for (int i = 0; i < CLAIM_TRIES; i++) {
    if (mkdirat(folder, cache->workshop, 0700) != 0 && errno != EEXIST) return -1;
    int descriptor = lock_workshop(folder, cache->workshop, busy);
    if (descriptor >= 0) empty_workshop(descriptor);
    if (descriptor >= 0 || *busy || errno != ENOENT) return descriptor;
  }
  return -1;
}

void cache_abandon(int folder, const char *workshop, int descriptor) {
  empty_workshop(descriptor);
  unlinkat(folder, workshop, AT_REMOVEDIR);
  close(descriptor);
}

// Trimming.

typedef struct {
  struct timespec used;
  uint64_t bytes;
  char name[CACHE_KEY_SIZE + sizeof ".so"];
} Module;

static int compare_use(const void *left, const void *right) {
  const struct timespec *a = &((const Module *)left)->used, *b = &((const Module *)right)->used;
  if (a->tv_sec != b->tv_sec) return a->tv_sec < b->tv_sec ? -1 : 1;
  return (a->tv_nsec > b->tv_nsec) - (a->tv_nsec < b->tv_nsec);
}

static bool has_suffix(const char *name, const char *suffix) {
  return strspn(name, "0123456789abcdef") == CACHE_KEY_SIZE && strcmp(name + CACHE_KEY_SIZE, suffix) == 0;
}

void cache_trim(const Cache *cache, int folder) {
  int copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *list = copy < 0 ? NULL : fdopendir(copy);
  if (!list) {
    if (copy >= 0) close(copy);
    return;
  }
  ARRAY(Module) modules = {0};
  uint64_t total = 0;
  for (struct dirent *entry; (entry = readdir(list));) {
    struct stat about;
    bool busy;
    if (has_suffix(entry->d_name, WORKSHOP_SUFFIX)) {
      int left_over = lock_workshop(folder, entry->d_name, &busy);
      if (left_over >= 0) cache_abandon(folder, entry->d_name, left_over);
    } else if (has_suffix(entry->d_name, MODULE_SUFFIX) &&
               fstatat(folder, entry->d_name, &about, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(about.st_mode)) {
      Module module = {.used = about.st_mtim, .bytes = (uint64_t)about.st_size};
      memcpy(module.name, entry->d_name, sizeof module.name);
      ARRAY_PUSH(&modules, module);
      total += module.bytes;
    }
  }
  closedir(list);
  if (total > cache->most) qsort(modules.items, modules.count, sizeof *modules.items, compare_use);
  for (size_t i = 0; i < modules.count && total > cache->most; i++) {
    unlinkat(folder, modules.items[i].name, 0);
    total -= modules.items[i].bytes;
  }
  ARRAY_FREE(&modules);
}
