/* Loaded into a private engine before its own code: its calendar clock is off by as many nanoseconds
 * as the first eight bytes of USHER_CLOCK_FILE say, from the moment when they are written. Its
 * monotonic clock runs true, and waits until a time of the calendar are put back to the true one. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define SECOND 1000000000LL

static int64_t none = 0;
static volatile int64_t *shift = &none;

__attribute__((constructor)) static void open_shift(void) {
  const char *path = getenv("USHER_CLOCK_FILE");
  int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
  if (file < 0) return;
  void *page = mmap(NULL, sizeof(int64_t), PROT_READ, MAP_SHARED, file, 0);
  if (page != MAP_FAILED) shift = page;
  close(file);
}

static void move(struct timespec *at, int64_t by) {
  int64_t whole = at->tv_sec * SECOND + at->tv_nsec + by;
  at->tv_sec = whole / SECOND;
  at->tv_nsec = whole % SECOND;
}

static int is_calendar(clockid_t id) {
  return id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE;
}

int clock_gettime(clockid_t id, struct timespec *at) {
  static int (*real)(clockid_t, struct timespec *);
  if (!real) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
  int result = real ? real(id, at) : (int)syscall(SYS_clock_gettime, id, at);
  if (result == 0 && is_calendar(id)) move(at, *shift);
  return result;
}

int gettimeofday(struct timeval *restrict at, void *restrict zone) {
  struct timespec now;
  (void)zone;
  int result = clock_gettime(CLOCK_REALTIME, &now);
  *at = (struct timeval){.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000};
  return result;
}

time_t time(time_t *at) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (at) *at = now.tv_sec;
  return now.tv_sec;
}

/* Without its version the loader may give the one of the oldest programs. */
static void *find(const char *name, const char *version) {
  void *found = dlvsym(RTLD_NEXT, name, version);
  return found ? found : dlsym(RTLD_NEXT, name);
}

/* Times since the machine's start are far below any time of the calendar. */
int pthread_cond_timedwait(pthread_cond_t *restrict cond, pthread_mutex_t *restrict mutex,
                           const struct timespec *restrict until) {
  static int (*real)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
  if (!real) {
    real = (int (*)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *))find(
        "pthread_cond_timedwait", "GLIBC_2.3.2");
  }
  struct timespec at = *until;
  if (at.tv_sec > 1000000000) move(&at, -*shift);
  return real(cond, mutex, &at);
}
