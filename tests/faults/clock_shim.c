// Preloaded into a service, shifts its wall clock by the seconds in the file
// that FAULTS_CLOCK_SHIFT names, which may change at any time; the monotonic
// clock stays. Absolute times that a wait is given are shifted back, as the
// kernel knows nothing of it.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t* shift_file;

__attribute__((constructor)) static void MapShift(void) {
  const char* path = getenv("FAULTS_CLOCK_SHIFT");
  const int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
  if (fd < 0) return;
  void* mapped = mmap(NULL, sizeof(int64_t), PROT_READ, MAP_SHARED, fd, 0);
  if (mapped != MAP_FAILED) shift_file = mapped;
  close(fd);
}

static int64_t Shift(void) { return shift_file != NULL ? *shift_file : 0; }

static struct timespec Real(const struct timespec* shifted) {
  struct timespec real = *shifted;
  real.tv_sec -= Shift();
  return real;
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

int clock_gettime(clockid_t clock, struct timespec* now) {
  static __typeof__(&clock_gettime) next;
  if (next == NULL) next = NEXT(clock_gettime);
  const int result = next(clock, now);
  if (result == 0 &&
      (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
    now->tv_sec += Shift();
  }
  return result;
}

int gettimeofday(struct timeval* restrict now, void* restrict zone) {
  (void)zone;
  struct timespec time;
  clock_gettime(CLOCK_REALTIME, &time);
  now->tv_sec = time.tv_sec;
  now->tv_usec = time.tv_nsec / 1000;
  return 0;
}

time_t time(time_t* out) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (out != NULL) *out = now.tv_sec;
  return now.tv_sec;
}

int timespec_get(struct timespec* now, int base) {
  clock_gettime(CLOCK_REALTIME, now);
  return base;
}

int pthread_cond_timedwait(pthread_cond_t* restrict cond,
                           pthread_mutex_t* restrict mutex,
                           const struct timespec* restrict until) {
  // Those of a monotonic clock are small numbers.
  const int is_real = until->tv_sec > 1000000000;
  const struct timespec real = is_real ? Real(until) : *until;
  return NEXT(pthread_cond_timedwait)(cond, mutex, &real);
}

int pthread_cond_clockwait(pthread_cond_t* restrict cond,
                           pthread_mutex_t* restrict mutex, clockid_t clock,
                           const struct timespec* restrict until) {
  const struct timespec real = clock == CLOCK_REALTIME ? Real(until) : *until;
  return NEXT(pthread_cond_clockwait)(cond, mutex, clock, &real);
}

int cnd_timedwait(cnd_t* restrict cond, mtx_t* restrict mutex,
                  const struct timespec* restrict until) {
  const struct timespec real = Real(until);
  return NEXT(cnd_timedwait)(cond, mutex, &real);
}
